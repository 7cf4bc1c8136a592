/** Keep the list of chats: find, rename, delete with a moment to think again. */

import { computed, signal } from "@preact/signals";
import * as hubbub from "../api/hubbub";
import type { Chat } from "../api/resources";
import { notify, tell } from "./notices";
import { homePath, navigate, route } from "./route";

const all = signal<readonly Chat[] | null>(null);
/** Deleted here, but not yet on the server: it can still be undone. */
const hidden = signal<ReadonlySet<string>>(new Set());

export const search = signal("");
/** The chats that match the search, the one last used first; null until they are known. */
export const chats = computed(() => {
  const words = search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return (
    all.value?.filter(({ id, title }) => {
      const lower = title.toLocaleLowerCase();
      return !hidden.value.has(id) && words.every((word) => lower.includes(word));
    }) ?? null
  );
});

export async function loadChats(signal: AbortSignal): Promise<void> {
  all.value = await hubbub.chats(signal);
}

export const chatOf = (id: string): Chat | undefined => all.value?.find((chat) => chat.id === id);

/** Put a chat that was just used at the top. */
export function touch(chat: Chat): void {
  all.value = [chat, ...(all.value ?? []).filter(({ id }) => id !== chat.id)];
}

export async function rename(chat: Chat, title: string): Promise<void> {
  const wanted = title.trim();
  if (wanted === "" || wanted === chat.title) return;
  const put = (changed: Chat) => {
    all.value = all.value?.map((one) => (one.id === chat.id ? changed : one)) ?? null;
  };
  put({ ...chat, title: wanted });
  try {
    put(await hubbub.renameChat(new AbortController().signal, chat.id, wanted));
  } catch (error) {
    put(chat);
    tell(error);
  }
}

/** Take a chat away, and really delete it when there was time to undo that. */
export function remove(chat: Chat): void {
  hidden.value = new Set(hidden.value).add(chat.id);
  const { value: shown } = route;
  if (shown.page === "chat" && shown.chatId === chat.id) navigate(homePath, { replace: true });

  let isUndone = false;
  const undo = () => {
    isUndone = true;
    removeEventListener("pagehide", finish);
    show(chat.id);
  };
  const finish = () => {
    if (isUndone) return;
    isUndone = true;
    removeEventListener("pagehide", finish);
    hubbub
      .deleteChat(new AbortController().signal, chat.id)
      .then(() => {
        all.value = all.value?.filter(({ id }) => id !== chat.id) ?? null;
      })
      .catch(tell)
      .finally(() => show(chat.id));
  };
  addEventListener("pagehide", finish);
  notify(`Deleted “${chat.title}”.`, { action: { label: "Undo", run: undo }, over: finish });
}

function show(id: string): void {
  const rest = new Set(hidden.value);
  rest.delete(id);
  hidden.value = rest;
}
