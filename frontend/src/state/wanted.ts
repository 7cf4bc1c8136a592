/** Keep what the search is to find, and write it into its address. */

import { computed, signal } from "@preact/signals";

export interface Wanted {
  words: string;
  collections: readonly string[];
  kinds: readonly string[];
  name: string;
  /** Days as 2026-11-29, in the person's own time zone; empty for no bound. Both are inside. */
  from: string;
  to: string;
}

const nothing: Wanted = { words: "", collections: [], kinds: [], name: "", from: "", to: "" };
export const wanted = signal<Wanted>(nothing);

export const hasFilters = computed(() => {
  const { collections, kinds, name, from, to } = wanted.value;
  return collections.length + kinds.length > 0 || name + from + to !== "";
});

export function want(changes: Partial<Wanted>): void {
  wanted.value = { ...wanted.peek(), ...changes };
}

export const clearFilters = () => want({ ...nothing, words: wanted.peek().words });

/** What stands behind the path for a search, so that it can be linked to and come back to. */
export function addressOf({ words, collections, kinds, name, from, to }: Wanted): string {
  const query = new URLSearchParams();
  if (words !== "") query.set("words", words);
  for (const one of collections) query.append("collection", one);
  for (const one of kinds) query.append("kind", one);
  for (const [key, value] of Object.entries({ name, from, to })) if (value !== "") query.set(key, value);
  return query.size > 0 ? `?${query}` : "";
}

/** Read an address as `addressOf` writes it; null where it says nothing. */
export function wantedIn(address: string): Wanted | null {
  const query = new URLSearchParams(address);
  if (query.size === 0) return null;
  const day = (key: string) => (/^\d{4}-\d\d-\d\d$/.exec(query.get(key) ?? "") ?? [""])[0];
  return {
    words: query.get("words") ?? "",
    collections: query.getAll("collection"),
    kinds: query.getAll("kind"),
    name: query.get("name") ?? "",
    from: day("from"),
    to: day("to"),
  };
}
