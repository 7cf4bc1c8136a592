/** What a list of documents is asked for, and what it is. */

import type { Document } from "./resources";

/** What a document is like: on its way, read, read but for what was left out, or not to be read. */
export type Condition = "unfinished" | "ready" | "partial" | "failed";

/** Which documents of a collection are listed, and in what order; the first page by name if nothing is said. */
export interface Listing {
  /** What stands in the name or the title. */
  words?: string;
  condition?: Condition | "";
  order?: "name" | "added" | "size";
  descending?: boolean;
  /** `next` of the page before. */
  after?: string | null;
  limit?: number | null;
  /** These documents alone, if there are any. */
  ids?: readonly string[];
}

export interface DocumentPage {
  documents: Document[];
  next: string | null;
  /** How many documents the collection has of each condition; the partial ones are ready, too. */
  counts: Readonly<Record<Condition, number>>;
}
