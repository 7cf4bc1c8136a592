/** Keep the list of chats: load, rename, delete with a moment to think again. */

import { batch, computed, signal } from "@preact/signals";
import * as hubbub from "../api/hubbub";
import type { Chat } from "../api/resources";
import { notify, tell } from "./notices";
import { homePath, navigate, route } from "./route";

const all = signal<readonly Chat[] | null>(null);
/** What gives the chats behind those that are known; null where there are none. */
const following = signal<string | null>(null);
/** Deleted here, but not yet on the server: it can still be undone. */
const hidden = signal<ReadonlySet<string>>(new Set());

/** The chats that are known, the one last used first; null until the first are. */
export const chats = computed(() => all.value?.filter(({ id }) => !hidden.value.has(id)) ?? null);
export const hasMoreChats = computed(() => following.value !== null);

/** Load the first page again; what was loaded behind it stays. */
export async function loadChats(signal: AbortSignal): Promise<void> {
  const page = await hubbub.chats(signal, null);
  const last = page.chats.at(-1);
  const known = new Set(page.chats.map(({ id }) => id));
  const isBehind = (chat: Chat) =>
    last !== undefined &&
    (chat.updated_at < last.updated_at || (chat.updated_at === last.updated_at && chat.id < last.id));
  const behind = page.next === null ? [] : (all.peek() ?? []).filter((chat) => !known.has(chat.id) && isBehind(chat));
  batch(() => {
    all.value = [...page.chats, ...behind];
    if (behind.length === 0) following.value = page.next;
  });
}

let isLoadingMore = false;

export async function loadMoreChats(): Promise<void> {
  const after = following.peek();
  if (after === null || isLoadingMore) return;
  isLoadingMore = true;
  try {
    const page = await hubbub.chats(new AbortController().signal, after);
    const known = new Set((all.peek() ?? []).map(({ id }) => id));
    batch(() => {
      all.value = [...(all.peek() ?? []), ...page.chats.filter(({ id }) => !known.has(id))];
      following.value = page.next;
    });
  } catch (error) {
    tell(error);
  } finally {
    isLoadingMore = false;
  }
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

/** Whether a chat is about to be deleted. */
export const isHidden = (id: string): boolean => hidden.value.has(id);

function show(id: string): void {
  const rest = new Set(hidden.value);
  rest.delete(id);
  hidden.value = rest;
}
