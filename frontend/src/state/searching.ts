/** Search passages and chats without a model: what is looked for, in the address too, and what was found. */

import { batch, effect, signal } from "@preact/signals";
import * as hubbub from "../api/hubbub";
import type { Facets, FoundChat, FoundPassage, SearchFilters } from "../api/resources";
import { isAbort, messageOf } from "./notices";
import { route } from "./route";
import { addressOf, type Wanted, wanted, wantedIn } from "./wanted";

const PAUSE_MILLISECONDS = 120;

export interface Results<T> {
  found: readonly T[];
  /** What the next page is asked for with; null after the last. */
  next: string | null;
}

export type Kind = "passages" | "chats";

export const shownKind = signal<Kind>("passages");
export const passages = signal<Results<FoundPassage> | null>(null);
export const foundChats = signal<Results<FoundChat> | null>(null);
export const facets = signal<Facets>({ kinds: {}, collections: {} });
export const isSearching = signal(false);
export const searchProblem = signal<string | null>(null);

/** Search as words are typed and filters change, until `signal` is aborted. What the address says comes first. */
export function runSearching(signal: AbortSignal): void {
  const told = wantedIn(location.search);
  if (told !== null) wanted.value = told;
  let asking = new AbortController();
  const stop = effect(() => {
    const now = wanted.value;
    asking.abort();
    asking = new AbortController();
    const mine = asking.signal;
    if (route.peek().page === "search") history.replaceState(history.state, "", location.pathname + addressOf(now));
    searchProblem.value = null;
    isSearching.value = now.words.trim() !== "";
    if (!isSearching.peek()) {
      passages.value = foundChats.value = null;
      return undefined;
    }
    const timer = setTimeout(() => search(mine, now), PAUSE_MILLISECONDS);
    return () => clearTimeout(timer);
  });
  signal.addEventListener("abort", () => {
    stop();
    asking.abort();
  });
}

async function search(signal: AbortSignal, now: Wanted): Promise<void> {
  try {
    const words = now.words.trim();
    const [told, chats] = await Promise.all([
      hubbub.findPassages(signal, words, now.collections, filtersOf(now), null),
      hubbub.findChats(signal, words, null),
    ]);
    batch(() => {
      passages.value = { found: told.results, next: told.next_cursor };
      foundChats.value = { found: chats.found, next: chats.next };
      // A filter leaves only what it names: what else there is to choose stays as it was counted without it.
      facets.value = {
        kinds: now.kinds.length > 0 ? { ...facets.peek().kinds, ...told.facets.kinds } : told.facets.kinds,
        collections:
          now.collections.length > 0
            ? { ...facets.peek().collections, ...told.facets.collections }
            : told.facets.collections,
      };
      isSearching.value = false;
    });
  } catch (error) {
    fail(error);
  }
}

export async function searchOn(signal: AbortSignal): Promise<void> {
  const now = wanted.peek();
  const words = now.words.trim();
  const isStill = () => !signal.aborted && wanted.peek() === now;
  try {
    if (shownKind.peek() === "passages") {
      const before = passages.peek();
      if (!before?.next) return;
      const told = await hubbub.findPassages(signal, words, now.collections, filtersOf(now), before.next);
      if (isStill()) passages.value = { found: [...before.found, ...told.results], next: told.next_cursor };
    } else {
      const before = foundChats.peek();
      if (!before?.next) return;
      const told = await hubbub.findChats(signal, words, before.next);
      const known = new Set(before.found.map(({ chat }) => chat.id));
      const more = told.found.filter(({ chat }) => !known.has(chat.id));
      if (isStill()) foundChats.value = { found: [...before.found, ...more], next: told.next };
    }
  } catch (error) {
    if (isStill()) fail(error);
  }
}

function fail(error: unknown): void {
  if (isAbort(error)) return;
  searchProblem.value = messageOf(error);
  isSearching.value = false;
}

function filtersOf({ kinds, name, from, to }: Wanted): SearchFilters {
  return {
    kinds,
    name: name.trim() === "" || name.includes("*") ? name.trim() : `*${name.trim()}*`,
    added_from: from === "" ? null : dayAfter(from, 0),
    added_before: to === "" ? null : dayAfter(to, 1),
  };
}

/** When the day begins that is so many days after another. */
export function dayAfter(day: string, days: number): string {
  const start = new Date(`${day}T00:00`);
  start.setDate(start.getDate() + days);
  return start.toISOString();
}
