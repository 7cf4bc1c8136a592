/** Keep what is asked while an answer is still being written; it is sent when that is done. */

import { computed, effect, signal, untracked } from "@preact/signals";
import { answerOf } from "./answers";
import { takeBack } from "./drafts";
import { announce } from "./notices";
import { ask, isSending, openAnswerId, path, thread } from "./thread";

const queues = signal<ReadonlyMap<string, readonly string[]>>(new Map());
const chatId = computed(() => thread.value.chat?.id ?? "");

/** What waits in the chat that is shown, in order. */
export const queued = computed<readonly string[]>(() => queues.value.get(chatId.value) ?? []);

function set(texts: readonly string[]): void {
  queues.value = new Map(queues.peek()).set(chatId.peek(), texts);
}

export function enqueue(text: string): void {
  set([...queued.peek(), text]);
  announce("Your question waits for the end of the answer.");
}

/** Take a question out of the line, and put it back to where it was typed. */
export function dequeue(index: number): void {
  const text = queued.peek()[index];
  set(queued.peek().filter((_, place) => place !== index));
  if (text !== undefined) takeBack(text);
}

/** Send what waits as answers end. After one that did not come to its end it is for the person to say how to go on. */
export function runQueue(): void {
  effect(() => {
    const [next, ...others] = queued.value;
    const isFree = openAnswerId.value === null && !isSending.value && thread.value.isLoaded;
    if (next === undefined || !isFree) return;
    untracked(() => {
      const last = path.peek().at(-1)?.message;
      if (last?.role !== "assistant") return;
      if (answerOf(last.id).peek().state === "done") {
        set(others);
        ask(next);
      } else {
        set([]);
        takeBack([next, ...others].join("\n\n"));
      }
    });
  });
}
