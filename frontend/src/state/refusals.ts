/** Look again at what can be asked once something can't be: what is chosen may have been deleted, or shared no more. */

import { computed, effect } from "@preact/signals";
import type { Question } from "../api/resources";
import { answerOf } from "./answers";
import { choice } from "./choices";
import { collections, loadCollections } from "./library";
import { loadModels } from "./models";
import { outgoing } from "./outgoing";
import { path, thread } from "./thread";

const isThere = (id: string) => collections.value?.some((one) => one.id === id) ?? true; // unless they are not known

/** Whether a question asks over a collection that is not there any more. */
export const asksOverGone = (question: Question): boolean => !question.collections.every(isThere);

/** The question as it can be asked again: without the collections that are not there any more. */
export const withoutGone = (question: Question): Question => ({
  ...question,
  collections: question.collections.filter(isThere),
});

/** Whether the last question searched a collection that is not there any more: the next answer would go without it. */
export const lacksCollection = computed(() => {
  const all = collections.value;
  const last = path.value.findLast(({ message }) => message.role === "user")?.message;
  const isGone = (id: string) => id !== thread.value.chat?.files_id && !all?.some((one) => one.id === id);
  const chosen = choice.value.collections ?? [];
  return all !== null && (last?.collections.some((id) => isGone(id) && chosen.includes(id)) ?? false);
});

/** Runs for as long as the page does. */
export function runRefusals(signal: AbortSignal): void {
  const seen = new Set<string>();
  const look = (id: string) => {
    if (seen.has(id)) return;
    seen.add(id);
    for (const load of [loadCollections, loadModels]) load(signal).catch(() => {}); // the list that is known stays
  };
  effect(() => {
    for (const [id, { problem, isUnreached }] of outgoing.value) if (problem !== null && !isUnreached) look(id);
    const last = path.value.at(-1)?.message;
    if (last?.role === "assistant" && answerOf(last.id).value.stop_reason === "right_ended") look(last.id);
  });
}
