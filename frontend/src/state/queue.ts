/** Keep what is asked while an answer is still being written; it is sent when that is done. */

import { computed, effect, signal, untracked } from "@preact/signals";
import { t } from "../language/t";
import type { Along } from "./along";
import { answerOf } from "./answers";
import { putBack } from "./attachments";
import { isUndecided } from "./beside";
import { keepForNextPage, takeBack } from "./drafts";
import { announce } from "./notices";
import { ask, isSending, openAnswerId, path, thread } from "./thread";

/** A question that waits, and what goes along with it. */
export interface Queued {
  text: string;
  along: Along;
}

const queues = signal<ReadonlyMap<string, readonly Queued[]>>(new Map());
const chatId = computed(() => thread.value.chat?.id ?? "");

/** What waits in the chat that is shown, in order. */
export const queued = computed<readonly Queued[]>(() => queues.value.get(chatId.value) ?? []);

function set(waiting: readonly Queued[]): void {
  queues.value = new Map(queues.peek()).set(chatId.peek(), waiting);
}

export function enqueue(text: string, along: Along): void {
  set([...queued.peek(), { text, along }]);
  announce(
    isUndecided.peek()
      ? t("Your question waits until you keep one of the answers.")
      : t("Your question waits for the end of the answer."),
  );
}

/** Take a question out of the line, and put it back to where it was typed. */
export function dequeue(index: number): void {
  const taken = queued.peek()[index];
  set(queued.peek().filter((_, place) => place !== index));
  if (taken !== undefined) giveBack([taken]);
}

function giveBack(waiting: readonly Queued[]): void {
  takeBack(waiting.map(({ text }) => text).join("\n\n"));
  for (const { along } of waiting) putBack(along);
}

/** Send what waits as answers end. After one that did not come to its end it is for the person to say how to go on. */
export function runQueue(): void {
  keepForNextPage(() =>
    [...queues.peek()].flatMap(([chatId, waiting]) => waiting.map(({ text }) => ({ chatId, text }))),
  );
  effect(() => {
    const [next, ...others] = queued.value;
    const isFree = openAnswerId.value === null && !isUndecided.value && !isSending.value && thread.value.isLoaded;
    if (next === undefined || !isFree) return;
    untracked(() => {
      const last = path.peek().at(-1)?.message;
      if (last?.role !== "assistant") return;
      if (answerOf(last.id).peek().state === "done") {
        set(others);
        ask(next.text, undefined, next.along);
      } else {
        set([]);
        giveBack([next, ...others]);
      }
    });
  });
}
