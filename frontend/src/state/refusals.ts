/** Look again at what can be asked once something can't be: what is chosen may have been deleted, or shared no more. */

import { computed, effect } from "@preact/signals";
import { answerOf } from "./answers";
import { choice } from "./choices";
import { collections, loadCollections } from "./library";
import { loadModels } from "./models";
import { outgoing } from "./outgoing";
import { path, thread } from "./thread";

/** Whether the chat that is shown was asked over a collection that is not there any more: its answers would go without. */
export const lacksCollection = computed(() => {
  const { chat } = thread.value;
  if (chat === null || collections.value === null) return false;
  const known = new Set([chat.files_id, ...collections.value.map(({ id }) => id)]);
  return choice.value.collections?.some((id) => !known.has(id)) ?? false;
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
