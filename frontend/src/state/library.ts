/** Keep the collections, and which of them are asked. */

import { computed, signal } from "@preact/signals";
import * as hubbub from "../api/hubbub";
import type { Collection } from "../api/resources";
import { choice, choose } from "./choices";
import { hasNoModel } from "./models";
import { tell } from "./notices";

const GUIDE = "Hubbub";

export const collections = signal<readonly Collection[] | null>(null);

/** The built-in collection about Hubbub itself; null where there is none. */
export const guide = computed<Collection | null>(
  () => collections.value?.find(({ name, is_shared }) => is_shared && name === GUIDE) ?? null,
);

/** The collections that are asked: none until some are chosen, so that a question goes to the model alone. */
export const chosenCollections = computed<readonly string[]>(() => {
  const all = collections.value ?? [];
  const wanted = choice.value.collections;
  const isAsked = ({ id, is_shared }: Collection) => wanted?.includes(id) ?? (is_shared && hasNoModel.value);
  return all.filter(isAsked).map(({ id }) => id);
});

/** Choose what the chat that is shown is asked over; see `choose`. */
export function chooseCollections(ids: readonly string[], how: { isRemembered?: boolean } = {}): void {
  choose({ collections: ids }, how);
}

export async function loadCollections(signal: AbortSignal): Promise<void> {
  collections.value = await hubbub.collections(signal);
}

/** Make a collection and return it; undefined (and the person is told) where that failed. */
export async function createCollection(name: string): Promise<Collection | undefined> {
  const { signal } = new AbortController();
  try {
    const made = await hubbub.createCollection(signal, name.trim());
    collections.value = [...(collections.value ?? []), made];
    return made;
  } catch (error) {
    tell(error);
    return undefined;
  }
}

/** Give a collection another name; false (and the person is told) where that failed. */
export async function renameCollection(collection: Collection, name: string): Promise<boolean> {
  const { signal } = new AbortController();
  try {
    await hubbub.renameCollection(signal, collection.id, name);
    await loadCollections(signal);
    return true;
  } catch (error) {
    tell(error);
    return false;
  }
}

export async function removeCollection(collection: Collection): Promise<void> {
  try {
    await hubbub.deleteCollection(new AbortController().signal, collection.id);
    collections.value = collections.value?.filter(({ id }) => id !== collection.id) ?? null;
  } catch (error) {
    tell(error);
  }
}
