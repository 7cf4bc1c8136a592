/** Keep which source is open beside the chat. */

import { computed, signal } from "@preact/signals";
import * as hubbub from "../api/hubbub";
import type { Document, Passage } from "../api/resources";
import type { Citation, Hit } from "../events";
import { isAbort, messageOf } from "./notices";

/** A place in a document; `quote` is empty where the whole passage is meant. */
export interface Source {
  documentId: string;
  passageId: string | null;
  title: string;
  page: number | null;
  quote: string;
}

export interface Opened {
  document: Document;
  passages: readonly Passage[];
}

export const source = signal<Source | null>(null);
export const opened = signal<Opened | null>(null);
export const sourceProblem = signal<string | null>(null);
/** Whether a PDF shows as it looks, and not as text. It is kept from one document to the next. */
export const isPageWanted = signal(false);
export const isSourceOpen = computed(() => source.value !== null);

let loading = new AbortController();
let opener: HTMLElement | null = null;
/** Whether the source that is open was opened with the keyboard, which has to go on in the panel then. */
export const isOpenedByKeys = signal(false);

/** Open a source in the panel; closing it gives the focus back to where it was. */
export function openSource(wanted: Source): void {
  const here = document.activeElement as HTMLElement | null;
  if (source.peek() === null || here?.closest(".markdown, .answer")) opener = here;
  isOpenedByKeys.value = here?.matches(":focus-visible") ?? false;
  source.value = wanted;
  if (opened.peek()?.document.id === wanted.documentId) return;
  loading.abort();
  loading = new AbortController();
  opened.value = null;
  sourceProblem.value = null;
  hubbub
    .document(loading.signal, wanted.documentId)
    .then((told) => {
      opened.value = told;
    })
    .catch((error: unknown) => {
      if (!isAbort(error)) sourceProblem.value = messageOf(error);
    });
}

export function closeSource(): void {
  loading.abort();
  source.value = null;
  opened.value = null;
  requestAnimationFrame(() => {
    // Until it is drawn anew, the page under the sheet can't have the focus. Meanwhile the person may have gone on.
    if (document.activeElement === document.body && opener?.isConnected) opener.focus();
  });
}

/** Open a passage that was found: where the document has pages, on a picture of its page. */
export function openFound(hit: Hit): void {
  isPageWanted.value = true;
  openSource(sourceOfHit(hit));
}

export const sourceOfCitation = (citation: Citation): Source => ({
  documentId: citation.document_id,
  passageId: citation.passage_id,
  title: citation.title || citation.name,
  page: citation.page,
  quote: citation.quote,
});

export const sourceOfHit = (hit: Hit): Source => ({
  documentId: hit.document_id,
  passageId: hit.passage_id,
  title: hit.title || hit.name,
  page: hit.page,
  quote: "",
});

export const sourceOfDocument = (document: Document): Source => ({
  documentId: document.id,
  passageId: null,
  title: document.title || document.name,
  page: null,
  quote: "",
});
