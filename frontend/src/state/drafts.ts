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

export function setDraft(text: string): void {
  const { [draftKey.peek()]: _, ...rest } = drafts.peek();
  drafts.value = text === "" ? rest : { ...rest, [draftKey.peek()]: text };
  store(drafts.peek());
}

/** Add texts to what is kept, for the next page in this tab; `chatId` is null for a chat that is not there yet. */
export function keepForNextPage(unsent: readonly { chatId: string | null; text: string }[]): void {
  const kept = { ...drafts.peek() };
  for (const { chatId, text } of unsent) kept[chatId ?? "new"] = joined(kept[chatId ?? "new"], text);
  store(kept);
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
