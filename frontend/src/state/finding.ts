/** Find chats by the words of their titles, questions and answers. */

import { batch, computed, effect, signal } from "@preact/signals";
import * as hubbub from "../api/hubbub";
import type { FoundChat } from "../api/resources";
import { chats, isHidden } from "./chats";
import { isAbort, messageOf } from "./notices";

/** So long no key was pressed before the server is asked. */
const PAUSE_MILLISECONDS = 120;

export const search = signal("");
const words = computed(() => search.value.trim());
const told = signal<{ words: string; found: readonly FoundChat[]; next: string | null } | null>(null);
export const findingProblem = signal<string | null>(null);

/** What was found; until the server has answered, the known chats whose titles have the words. Null without words. */
export const found = computed<readonly FoundChat[] | null>(() => {
  if (words.value === "") return null;
  const from = told.value?.words === words.value ? told.value.found : byTitle(words.value);
  return from.filter(({ chat }) => !isHidden(chat.id));
});
export const isFinding = computed(
  () => words.value !== "" && told.value?.words !== words.value && findingProblem.value === null,
);
export const hasMoreFound = computed(() => told.value?.words === words.value && told.value.next !== null);

function byTitle(text: string): FoundChat[] {
  const parts = text.toLocaleLowerCase().split(/\s+/);
  return (chats.value ?? [])
    .filter(({ title }) => parts.every((part) => title.toLocaleLowerCase().includes(part)))
    .map((chat) => ({ chat, message_id: null, role: null, created_at: chat.created_at, text: chat.title, marks: [] }));
}

let asking = new AbortController();

/** Ask the server as words are typed. Runs for as long as the page does. */
export function runFinding(): void {
  effect(() => {
    const wanted = words.value;
    asking.abort();
    asking = new AbortController();
    findingProblem.value = null;
    if (wanted === "") return undefined;
    const timer = setTimeout(() => ask(asking.signal, wanted, null), PAUSE_MILLISECONDS);
    return () => clearTimeout(timer);
  });
}

export function findMore(): void {
  const { value: before } = told;
  if (before !== null && before.next !== null) ask(asking.signal, before.words, before.next);
}

async function ask(signal: AbortSignal, wanted: string, before: string | null): Promise<void> {
  try {
    const page = await hubbub.findChats(signal, wanted, before);
    const earlier = before === null ? [] : (told.peek()?.found ?? []);
    const known = new Set(earlier.map(({ chat }) => chat.id));
    batch(() => {
      told.value = {
        words: wanted,
        found: [...earlier, ...page.found.filter(({ chat }) => !known.has(chat.id))],
        next: page.next,
      };
    });
  } catch (error) {
    if (!isAbort(error)) findingProblem.value = messageOf(error);
  }
}
