/** Keep the collections, their documents and how far each has come. */

import { computed, type Signal, signal } from "@preact/signals";
import * as hubbub from "../api/hubbub";
import type { Collection, Document } from "../api/resources";
import { choice, choose } from "./choices";
import { hasNoModel } from "./models";
import { tell } from "./notices";

const POLL_MILLISECONDS = 700;
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

const documentLists = new Map<string, Signal<readonly Document[] | null>>();

/** The documents of a collection; null until they are known. */
export function documentsOf(collectionId: string): Signal<readonly Document[] | null> {
  let list = documentLists.get(collectionId);
  if (list === undefined) {
    list = signal(null);
    documentLists.set(collectionId, list);
  }
  return list;
}

/** Load the documents of a collection once, to be named. */
export function loadDocuments(collectionId: string): void {
  const list = documentsOf(collectionId);
  hubbub.documents(new AbortController().signal, collectionId).then((documents) => {
    list.value = documents;
  }, tell);
}

export const isUnfinished = ({ state }: Document): boolean => state !== "ready" && state !== "failed";

/** Keep a collection's documents up to date: often while one of them is being read, else once. */
export async function watchDocuments(signal: AbortSignal, collectionId: string): Promise<void> {
  for (;;) {
    const documents = await hubbub.documents(signal, collectionId);
    documentsOf(collectionId).value = documents;
    if (!documents.some(isUnfinished)) break;
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    signal.throwIfAborted();
  }
  await loadCollections(signal);
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

export async function removeCollection(collection: Collection): Promise<void> {
  try {
    await hubbub.deleteCollection(new AbortController().signal, collection.id);
    collections.value = collections.value?.filter(({ id }) => id !== collection.id) ?? null;
  } catch (error) {
    tell(error);
  }
}

export async function removeDocument(document: Document): Promise<void> {
  const { signal } = new AbortController();
  const list = documentsOf(document.collection_id);
  try {
    await hubbub.deleteDocument(signal, document.id);
    list.value = list.value?.filter(({ id }) => id !== document.id) ?? null;
    await loadCollections(signal);
  } catch (error) {
    tell(error);
  }
}
