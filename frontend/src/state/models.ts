/** Keep the models there are, and the one that is asked. */

import { computed, signal } from "@preact/signals";
import * as hubbub from "../api/hubbub";
import type { Model } from "../api/resources";
import { choice, choose } from "./choices";

export const models = signal<readonly Model[] | null>(null);
const defaultName = signal<string | null>(null);

/** The model that is asked: the chosen one where it is still there, or else the server's default. */
export const model = computed<Model | null>(() => {
  const all = models.value ?? [];
  const named = (name: string | null) => all.find((one) => one.name === name);
  return named(choice.value.model) ?? named(defaultName.value) ?? all[0] ?? null;
});

/** Whether the server has documents to search, but no model to talk with. */
export const hasNoModel = computed(() => models.value?.length === 0);

export async function loadModels(signal: AbortSignal): Promise<void> {
  const told = await hubbub.models(signal);
  defaultName.value = told.default;
  models.value = told.models;
}

/** Choose the model that the chat that is shown is asked with. */
export function chooseModel(name: string): void {
  choose({ model: name });
}
