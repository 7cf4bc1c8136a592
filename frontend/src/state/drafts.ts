/** Keep what was typed but not sent, a text a chat, for as long as the tab lives. */

import { computed, signal } from "@preact/signals";
import { route } from "./route";

const NAME = "hubbub.drafts";

function stored(): Record<string, string> {
  try {
    return JSON.parse(sessionStorage.getItem(NAME) ?? "{}");
  } catch {
    return {};
  }
}

const drafts = signal(stored());
/** The draft that is written: that of the chat that is shown. */
export const draftKey = computed(() => (route.value.page === "chat" ? (route.value.chatId ?? "new") : ""));

export const draft = computed(() => drafts.value[draftKey.value] ?? "");

export const setDraft = (text: string): void => setDraftAt(draftKey.peek(), text);

/** A text that was asked with but not sent; `chatId` is null for a chat that is not there yet. */
interface Unsent {
  chatId: string | null;
  text: string;
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
  if (texts.length > 0) store(withTexts(texts)); // in memory nothing changes: the page may be shown again
}

/** Type texts where they were to be asked. */
export function typeAgain(texts: readonly Unsent[]): void {
  if (texts.length === 0) return;
  drafts.value = withTexts(texts);
  store(drafts.peek());
}

function withTexts(texts: readonly Unsent[]): Record<string, string> {
  const all = { ...drafts.peek() };
  for (const { chatId, text } of texts) all[chatId ?? "new"] = joined(all[chatId ?? "new"], text);
  return all;
}

/** What is typed under a name of its own. */
export const draftAt = (key: string): string | undefined => drafts.peek()[key];

export function setDraftAt(key: string, text: string): void {
  const { [key]: _, ...rest } = drafts.peek();
  drafts.value = text === "" ? rest : { ...rest, [key]: text };
  store(drafts.peek());
}

/** Put a text before what is typed. */
export function takeBack(text: string): void {
  setDraft(joined(text, draft.peek()));
}

function joined(one = "", other = ""): string {
  return [one, other].filter(Boolean).join("\n\n");
}

function store(all: Record<string, string>): void {
  try {
    sessionStorage.setItem(NAME, JSON.stringify(all));
  } catch {
    // No room: the draft lives in memory only.
  }
}
