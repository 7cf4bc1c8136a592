/** Keep the assistants, and which of them the chat that is shown goes to. */

import { computed, signal } from "@preact/signals";
import type { Assistant, AssistantChanges } from "../api/assistants";
import * as api from "../api/assistants";
import { isChangedMeanwhile } from "../api/http";
import { choice, choose } from "./choices";
import { tell } from "./notices";
import { thread } from "./thread";

const never = new AbortController().signal;

/** Null until they are known. */
export const assistants = signal<readonly Assistant[] | null>(null);
/** Whether the page for assistants is shown. */
export const areAssistantsShown = signal(false);

/** The id of the assistant that is asked: the one chosen here, or else the chat's; null: none. */
export const assistantId = computed<string | null>(() => {
  const { assistant } = choice.value;
  return (assistant === undefined ? thread.value.chat?.assistant_id : assistant) || null;
});
/** The assistant that is asked; null where none is, or it is not there. */
export const assistant = computed<Assistant | null>(
  () => assistants.value?.find(({ id }) => id === assistantId.value) ?? null,
);
/** Whether the chat's assistant was deleted, or is not shared any more. */
export const isAssistantGone = computed(
  () => assistantId.value !== null && assistants.value !== null && assistant.value === null,
);
/** Those that can be chosen. */
export const offered = computed(() => (assistants.value ?? []).filter(({ right }) => right !== "see"));

export function chooseAssistant(id: string | null): void {
  choose({ assistant: id }, { isRemembered: false });
}

export async function loadAssistants(): Promise<void> {
  try {
    assistants.value = await api.assistants(never);
  } catch (error) {
    tell(error);
  }
}

/** Keep an assistant, new or changed; returns it, what others changed it to meanwhile, or null where that failed. */
export async function keepAssistant(
  id: string | null,
  changes: AssistantChanges,
): Promise<{ kept: Assistant } | { theirs: Assistant } | null> {
  try {
    const kept = await (id === null ? api.makeAssistant(never, changes) : api.changeAssistant(never, id, changes));
    assistants.value = [kept, ...(assistants.peek() ?? []).filter((one) => one.id !== kept.id)];
    return { kept };
  } catch (error) {
    if (isChangedMeanwhile(error)) await loadAssistants();
    const theirs = isChangedMeanwhile(error) && assistants.peek()?.find((one) => one.id === id);
    if (theirs) return { theirs };
    tell(error);
    return null;
  }
}

export async function removeAssistant(id: string): Promise<void> {
  try {
    await api.deleteAssistant(never, id);
    assistants.value = (assistants.peek() ?? []).filter((one) => one.id !== id);
  } catch (error) {
    tell(error);
  }
}
