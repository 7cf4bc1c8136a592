/** Keep what is asked while an answer is still being written; it is sent when that is done, whatever chat is shown. */

import { computed, effect, signal, untracked } from "@preact/signals";
import type { Question } from "../api/resources";
import { t } from "../language/t";
import type { Along } from "./along";
import { answerOf } from "./answers";
import { isUndecided, isUndecidedAt } from "./beside";
import { isHidden } from "./chats";
import { keepForNextPage, takeBack } from "./drafts";
import { newId } from "./identifiers";
import { announce, notify } from "./notices";
import { questionOf } from "./question";
import { ask, askAs, isSendingIn, openIn, path, thread } from "./thread";
import { threadOf, waitedIn } from "./threads";
import { pathOf } from "./tree";

/** A question that waits, and what goes along with it. */
export interface Queued {
  id: string;
  text: string;
  along: Along;
}

const queues = signal<ReadonlyMap<string, readonly Queued[]>>(new Map());
/** By id, how each is asked if its chat is not shown then: as was chosen there last. */
const asLastChosen = new Map<string, Question>();
const chatId = computed(() => thread.value.chat?.id ?? "");

/** What waits in the chat that is shown, in order. */
export const queued = computed<readonly Queued[]>(() => queues.value.get(chatId.value) ?? []);

function set(chat: string, waiting: readonly Queued[]): void {
  const next = new Map(queues.peek());
  for (const { id } of next.get(chat) ?? []) if (!waiting.some((one) => one.id === id)) asLastChosen.delete(id);
  if (waiting.length === 0) next.delete(chat);
  else next.set(chat, waiting);
  queues.value = next;
  waitedIn.value = new Set(next.keys());
}

export function enqueue(text: string, along: Along): void {
  set(chatId.peek(), [...queued.peek(), { id: newId(), text, along }]);
  announce(
    isUndecided.peek()
      ? t("Your question waits until you keep one of the answers.")
      : t("Your question waits for the end of the answer."),
  );
}

/** Take a question out of the line, and put it back to where it was typed. */
export function dequeue(index: number): void {
  const taken = queued.peek()[index];
  const rest = queued.peek().filter((_, place) => place !== index);
  set(chatId.peek(), rest);
  if (taken !== undefined) giveBack(chatId.peek(), [taken]);
}

function giveBack(chat: string, waiting: readonly Queued[]): void {
  takeBack(waiting.map(({ text }) => text).join("\n\n"), null, chat || undefined);
  for (const { along } of waiting) takeBack("", along, chat || undefined);
}

/** Send what waits as answers end. After one that did not come to its end it is for the person to say how to go on. */
export function runQueue(): void {
  keepForNextPage(() =>
    [...queues.peek()]
      .filter(([chat]) => !threadOf(chat).peek().chat?.is_temporary)
      .flatMap(([chat, waiting]) => waiting.map(({ text, along }) => ({ chatId: chat, text, along }))),
  );
  effect(() => {
    for (const { id, text, along } of queued.value)
      asLastChosen.set(id, questionOf(id, thread.value.chat, null, text, along));
  });
  effect(() => {
    for (const chat of queues.value.keys()) goOn(chat);
  });
}

function goOn(chat: string): void {
  const [next, ...others] = queues.value.get(chat) ?? [];
  if (next === undefined) return;
  const isShown = chat === chatId.value;
  const { messages, turns, isLoaded, chat: known } = threadOf(chat).value;
  if (!isShown && known?.is_temporary) {
    untracked(() => set(chat, [])); // it ends when it is left
    return;
  }
  const steps = isShown ? path.value : pathOf(messages, turns);
  const last = steps.at(-1);
  const isFree = isLoaded && openIn(last).length === 0 && !isUndecidedAt(last) && !isSendingIn(steps);
  if (!isFree || isHidden(chat) || last?.message.role !== "assistant") return;
  untracked(() => {
    if (answerOf(last.message.id).peek().state !== "done") {
      set(chat, []);
      giveBack(chat, [next, ...others]);
      if (!isShown)
        notify(
          t("What waited in “{title}” was not sent: its answer did not come to its end.", { title: known?.title }),
        );
      return;
    }
    const question = asLastChosen.get(next.id);
    set(chat, others);
    if (isShown) ask(next.text, undefined, next.along, next.id);
    else if (question) askAs({ ...question, parent_id: last.message.id }, next.along);
  });
}
