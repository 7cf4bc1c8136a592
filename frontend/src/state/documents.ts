/** Keep what is known of documents: those of a list, and those on their way into a collection. */

import { signal } from "@preact/signals";
import * as hubbub from "../api/hubbub";
import type { DocumentPage, Listing } from "../api/listing";
import type { Document, Group } from "../api/resources";
import { sentencesOf } from "../language/problems";
import { collections, loadCollections } from "./library";
import { tell } from "./notices";

const POLL_MILLISECONDS = 700;
/** An address has room for so many ids. */
const MOST_IDS = 100;
/** How many documents the server lists at once, at most. */
const MOST_LISTED = 1000;

export const PAGE = 100;

/** What was last heard of documents, by their ids. */
export const documents = signal<ReadonlyMap<string, Document>>(new Map());

export function note(heard: readonly Document[]): void {
  documents.value = new Map([...documents.peek(), ...heard.map((one) => [one.id, one] as const)]);
}

/** Why a document could not be read; empty where nobody said. */
export const whyFailed = ({ reason, completeness }: Document): string => sentencesOf(completeness.why, reason);

export const isUnfinished = ({ state }: Document): boolean => state !== "ready" && state !== "failed";

/** Follow documents of a collection until none of them is on its way any more. */
export async function untilRead(signal: AbortSignal, collectionId: string, ids: readonly string[]): Promise<void> {
  let left = [...ids];
  while (left.length > 0) {
    const some = left.slice(0, MOST_IDS);
    const { documents: heard } = await hubbub.documents(signal, collectionId, { ids: some, limit: MOST_IDS });
    note(heard);
    const unfinished = new Set(heard.filter(isUnfinished).map(({ id }) => id));
    left = [...left.slice(MOST_IDS), ...some.filter((id) => unfinished.has(id))]; // who waits takes turns
    if (unfinished.size > 0) await pause(signal);
  }
  await loadCollections(signal);
}

/** Keep a list up to date for as long as documents of its collection are on their way; `show` gets what is heard. */
export async function watchList(
  signal: AbortSignal,
  collectionId: string,
  listing: Listing,
  size: number,
  show: (page: DocumentPage) => void,
): Promise<void> {
  for (;;) {
    const page = await firstOf(signal, collectionId, listing, size);
    note(page.documents);
    show(page);
    if (page.counts.unfinished === 0) break;
    count(collectionId, page.counts);
    await pause(signal);
  }
  await loadCollections(signal);
}

/** Have the list of collections say how many documents one holds, while some of them are still on their way. */
function count(collectionId: string, { unfinished, ready, failed }: DocumentPage["counts"]): void {
  const documents = unfinished + ready + failed;
  const all = collections.peek() ?? [];
  if (all.some((one) => one.id === collectionId && one.documents !== documents))
    collections.value = all.map((one) => (one.id === collectionId ? { ...one, documents } : one));
}

/** The first documents of a list, as one page. */
async function firstOf(
  signal: AbortSignal,
  collectionId: string,
  listing: Listing,
  size: number,
): Promise<DocumentPage> {
  let page = await hubbub.documents(signal, collectionId, { ...listing, limit: Math.min(size, MOST_LISTED) });
  while (page.next !== null && page.documents.length < size) {
    const limit = Math.min(size - page.documents.length, MOST_LISTED);
    const more = await hubbub.documents(signal, collectionId, { ...listing, after: page.next, limit });
    page = { ...more, documents: [...page.documents, ...more.documents] };
  }
  return page;
}

/** Delete documents one after the other; what can't be deleted is told, and stays. */
export async function removeDocuments(some: readonly Document[]): Promise<void> {
  const { signal } = new AbortController();
  forgetNames();
  try {
    for (const { id } of some) await hubbub.deleteDocument(signal, id);
  } catch (error) {
    tell(error);
  }
  await loadCollections(signal).catch(tell);
}

/** Give a document another name; false (and the person is told) where that failed. */
export async function renameDocument(document: Document, name: string): Promise<boolean> {
  try {
    note([await hubbub.renameDocument(new AbortController().signal, document.id, name)]);
    forgetNames();
    return true;
  } catch (error) {
    tell(error);
    return false;
  }
}

/** To whom a document is restricted, if it is, and the groups that it can be restricted to. */
export async function readersOf(signal: AbortSignal, id: string): Promise<[string[] | null, Group[]]> {
  const [{ shared_with }, groups] = await Promise.all([hubbub.document(signal, id), hubbub.groups(signal)]);
  return [shared_with, groups];
}

/** Let these alone see a document, or all again; false (and the person is told) where that failed. */
export async function restrictDocument(document: Document, readers: readonly string[] | null): Promise<boolean> {
  try {
    note([await hubbub.restrictDocument(new AbortController().signal, document.id, readers)]);
    return true;
  } catch (error) {
    tell(error);
    return false;
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  signal.throwIfAborted();
}

/** Documents of a collection by whose names they can be found: all of them, or those that hold the words looked for. */
interface Names {
  documents: readonly Document[];
  isWhole: boolean;
  words: string;
}

const names = signal<ReadonlyMap<string, Names>>(new Map());
const beingLookedUp = new Set<string>();

/** Return the documents of a collection whose names hold some words, as far as they are known; see `lookUp`. */
export function namedLike(collectionId: string, words: string): readonly Document[] {
  const wanted = words.toLocaleLowerCase();
  const fits = (name: string) => name.toLocaleLowerCase().includes(wanted);
  return names.value.get(collectionId)?.documents.filter(({ name, title }) => fits(name) || fits(title)) ?? [];
}

/** Get to know the documents of a collection: all where one answer holds them, else those whose names hold the words. */
export async function lookUp(collectionId: string, words: string): Promise<void> {
  const known = names.peek().get(collectionId);
  if (known?.isWhole || known?.words === words || beingLookedUp.has(collectionId)) return;
  beingLookedUp.add(collectionId);
  const listing = known === undefined ? {} : { words, limit: PAGE };
  try {
    const { documents: found, next } = await hubbub.documents(new AbortController().signal, collectionId, listing);
    const entry = { documents: found, isWhole: known === undefined && next === null, words: known ? words : "" };
    names.value = new Map([...names.peek(), [collectionId, entry]]);
  } catch (error) {
    tell(error);
  } finally {
    beingLookedUp.delete(collectionId);
  }
}

/** Forget the names, so that they are looked up anew. */
export function forgetNames(): void {
  names.value = new Map();
}
