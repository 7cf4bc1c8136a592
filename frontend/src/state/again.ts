/** Have questions answered once more, and answers that broke off gone on with. */

import { batch } from "@preact/signals";
import * as hubbub from "../api/hubbub";
import type { Again, Asked, Message } from "../api/resources";
import { touch } from "./chats";
import { chosenCollections } from "./library";
import { model } from "./models";
import { tell } from "./notices";
import { isThorough } from "./thorough";
import { add, thread } from "./thread";

/** Have a question answered once more, by the model and over the collections that are chosen now. */
export function regenerate(questionId: string): Promise<void> {
  const files = thread.peek().chat?.files_id;
  const question = thread.peek().messages.find(({ id }) => id === questionId);
  if (question?.asked_with?.assistant) return oneMore(questionId, {}); // as its assistant said
  const wasSearched = question?.collections.includes(files ?? "");
  const collections = [...chosenCollections.peek(), ...(files && wasSearched ? [files] : [])];
  const thorough = isThorough.peek();
  return oneMore(questionId, { model: model.peek()?.name ?? null, collections, thorough });
}

/** Have one of two answers made once more; the new one takes its place beside the other. */
export function regenerateBeside({ parent_id, model, collections }: Message, beside: string): Promise<void> {
  return oneMore(parent_id ?? "", { model, collections, beside });
}

/** Have an answer that broke off go on: the new one begins with what it said. It may take its place beside another. */
export function continueAnswer({ id, parent_id }: Message, beside?: string): Promise<void> {
  return oneMore(parent_id ?? "", { continues: id, ...(beside === undefined ? {} : { beside }) });
}

async function oneMore(questionId: string, how: Again): Promise<void> {
  try {
    takeMore(await hubbub.askAgain(new AbortController().signal, questionId, how));
  } catch (error) {
    tell(error);
  }
}

/** Show an answer that was begun. */
export function takeMore({ chat, answer }: Asked): void {
  batch(() => {
    touch(chat);
    add(chat.id, [answer]);
  });
}
