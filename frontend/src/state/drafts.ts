/** Keep what was typed but not sent, a text a chat, for as long as the tab lives. */

import { computed, signal } from "@preact/signals";
import type { Along } from "./along";
import { route } from "./route";

const NAME = "hubbub.drafts";
/** The draft of the chat that is still to be begun. */
export const NEW_DRAFT = "new";

function stored(): Record<string, string> {
  try {
    return JSON.parse(sessionStorage.getItem(NAME) ?? "{}");
  } catch {
    return {};
  }
}

const drafts = signal(stored());
/** The draft that is written: that of the chat that is shown. */
export const draftKey = computed(() => (route.value.page === "chat" ? (route.value.chatId ?? NEW_DRAFT) : ""));

export const draft = computed(() => drafts.value[draftKey.value] ?? "");

export const setDraft = (text: string): void => setDraftAt(draftKey.peek(), text);

/** A text that was asked with but not sent; `chatId` is null for a chat that is not there yet. */
interface Unsent {
  chatId: string | null;
  text: string;
  along?: Along;
}

/** What keeps the pictures and files of drafts. */
interface AlongKeeper {
  putBack: (key: string, along: Along) => void;
  /** Have the page that comes next find them; in memory nothing changes. */
  keepForNextPage: (kept: readonly { key: string; along: Along }[]) => void;
}

let keeper: AlongKeeper | null = null;

export function keepAlong(by: AlongKeeper): void {
  keeper = by;
}

let mayKeep: (key: string) => boolean = () => true;

/** Say which drafts may be stored; what belongs to a chat that leaves nothing behind lives in memory alone. */
export function storeOnly(may: (key: string) => boolean): void {
  mayKeep = may;
}

/** Those of what is kept by draft that may be stored. */
export const storable = <T>(all: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(all).filter(([key]) => mayKeep(key)));

/** Store the drafts again, after what may be stored has changed. */
export function storeAgain(): void {
  store(drafts.peek());
  keeper?.keepForNextPage([]);
}

const unsent: (() => readonly Unsent[])[] = [];

/** Have what `told` returns when the page is left typed on the next page in this tab. */
export function keepForNextPage(told: () => readonly Unsent[]): void {
  if (unsent.push(told) === 1) addEventListener("pagehide", keepUnsent);
}

/** Keep nothing more for the next page: somebody else may open it. */
export function keepNothing(): void {
  unsent.length = 0;
}

function keepUnsent(): void {
  const texts = unsent.flatMap((told) => told());
  if (texts.length === 0) return;
  store(withTexts(texts)); // in memory nothing changes: the page may be shown again
  keeper?.keepForNextPage(
    texts.flatMap(({ chatId, along }) => (along === undefined ? [] : [{ key: chatId ?? NEW_DRAFT, along }])),
  );
}

/** Type texts where they were to be asked. */
export function typeAgain(texts: readonly Unsent[]): void {
  if (texts.length === 0) return;
  drafts.value = withTexts(texts);
  store(drafts.peek());
}

function withTexts(texts: readonly Unsent[]): Record<string, string> {
  const all = { ...drafts.peek() };
  for (const { chatId, text } of texts) all[chatId ?? NEW_DRAFT] = joined(all[chatId ?? NEW_DRAFT], text);
  return all;
}

/** What is typed under a name of its own. */
export const draftAt = (key: string): string | undefined => drafts.peek()[key];

export function setDraftAt(key: string, text: string): void {
  const { [key]: _, ...rest } = drafts.peek();
  drafts.value = text === "" ? rest : { ...rest, [key]: text };
  store(drafts.peek());
}

/** Put a text before what is typed, and what was to go along with it; `key` says where, if not here. */
export function takeBack(text: string, along: Along | null = null, key: string = draftKey.peek()): void {
  setDraftAt(key, joined(text, draftAt(key)));
  if (along !== null) keeper?.putBack(key, along);
}

function joined(one = "", other = ""): string {
  return [one, other].filter(Boolean).join("\n\n");
}

function store(all: Record<string, string>): void {
  try {
    sessionStorage.setItem(NAME, JSON.stringify(storable(all)));
  } catch {
    // No room: the draft lives in memory only.
  }
}
