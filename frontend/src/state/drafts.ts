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
const key = computed(() => (route.value.page === "chat" ? (route.value.chatId ?? "new") : ""));

export const draft = computed(() => drafts.value[key.value] ?? "");

export function setDraft(text: string): void {
  const { [key.peek()]: _, ...rest } = drafts.peek();
  drafts.value = text === "" ? rest : { ...rest, [key.peek()]: text };
  try {
    sessionStorage.setItem(NAME, JSON.stringify(drafts.peek()));
  } catch {
    // No room: the draft lives in memory only.
  }
}
