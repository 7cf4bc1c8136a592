/** Keep which model and which collections each chat is asked with; a new chat begins with those remembered. */

import { computed, signal } from "@preact/signals";
import { route } from "./route";
import { recall, remember } from "./storage";

export interface Choice {
  /** Null: the server's default. */
  model: string | null;
  /** Null: nothing was ever chosen. */
  collections: readonly string[] | null;
  /** The model that answers beside; null: none. It is not remembered for later chats. */
  second: string | null;
  /** The assistant that is asked; null: none; undefined: the chat's. It is not remembered for later chats either. */
  assistant?: string | null | undefined;
}

const NEW = "";
const choices = signal<ReadonlyMap<string, Partial<Choice>>>(new Map());
const key = computed(() => (route.value.page === "chat" ? (route.value.chatId ?? NEW) : NEW));

/** What holds for the chat that is shown. */
export const choice = computed<Choice>(() => {
  const chosen = choices.value.get(key.value) ?? {};
  return {
    model: chosen.model === undefined ? recall<string>("model") : chosen.model,
    second: chosen.second ?? null,
    assistant: chosen.assistant,
    collections: chosen.collections === undefined ? recall<readonly string[]>("collections") : chosen.collections,
  };
});

function set(chat: string, chosen: Partial<Choice>): void {
  choices.value = new Map(choices.peek()).set(chat, { ...choices.peek().get(chat), ...chosen });
}

/** Choose for the chat that is shown. What is chosen for a new chat is remembered for later ones. */
export function choose(chosen: Partial<Choice>, { isRemembered = key.peek() === NEW } = {}): void {
  set(key.peek(), chosen);
  if (!isRemembered) return;
  for (const [name, value] of Object.entries(chosen)) remember(name, value);
}

/** Take what a chat was last asked with, unless something was chosen for it here. */
export function takeChoice(chatId: string, asked: Omit<Choice, "second" | "assistant">): void {
  if (!choices.peek().has(chatId)) set(chatId, asked);
}

/** Let what was chosen for the new chat hold for the chat that it has become. */
export function keepChoice(chatId: string): void {
  const chosen = choices.peek().get(NEW);
  if (chosen) set(chatId, chosen);
  forgetNewChoice();
}

/** Begin a new chat with what is remembered. */
export function forgetNewChoice(): void {
  const rest = new Map(choices.peek());
  rest.delete(NEW);
  choices.value = rest;
}
