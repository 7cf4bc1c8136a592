/** Have questions answered once more, and answers that broke off gone on with. */

import { batch } from "@preact/signals";
import * as hubbub from "../api/hubbub";
import { touch } from "./chats";
import { chosenCollections } from "./library";
import { model } from "./models";
import { tell } from "./notices";
import { add, thread } from "./thread";

/** Have a question answered once more, by the model and over the collections that are chosen now. */
export async function regenerate(questionId: string): Promise<void> {
  const files = thread.peek().chat?.files_id;
  const wasSearched = thread
    .peek()
    .messages.find(({ id }) => id === questionId)
    ?.collections.includes(files ?? "");
  const collections = [...chosenCollections.peek(), ...(files && wasSearched ? [files] : [])];
  try {
    const asked = await hubbub.askAgain(
      new AbortController().signal,
      questionId,
      model.peek()?.name ?? null,
      collections,
    );
    batch(() => {
      touch(asked.chat);
      add(asked.chat.id, [asked.answer]);
    });
  } catch (error) {
    tell(error);
  }
}

/** Have an answer that broke off go on: the new one begins with what it said. */
export async function continueAnswer(questionId: string, answerId: string): Promise<void> {
  try {
    const asked = await hubbub.goOn(new AbortController().signal, questionId, answerId);
    batch(() => {
      touch(asked.chat);
      add(asked.chat.id, [asked.answer]);
    });
  } catch (error) {
    tell(error);
  }
}
