/** Keep the list of chats: load, rename, pin, archive, put into folders, delete, each with a moment to think again. */

import { batch, computed, signal } from "@preact/signals";
import * as hubbub from "../api/hubbub";
import type { Chat, ChatChanges, Folder, Which } from "../api/resources";
import { plural, t } from "../language/t";
import { notify, tell } from "./notices";
import { homePath, navigate, route } from "./route";

const never = new AbortController().signal;
const all = signal<readonly Chat[] | null>(null);
/** What gives the chats behind those that are known; null where there are none. */
const following = signal<string | null>(null);
/** Deleted here, but not yet on the server: it can still be undone. */
const hidden = signal<ReadonlySet<string>>(new Set());
const pinnedOnes = signal<readonly Chat[]>([]);
export const folders = signal<readonly Folder[]>([]);
/** Which chats are listed. */
export const which = signal<Which>({ kept: "usual" });
/** The chats that are picked to be changed together; null while none are being picked. */
export const selected = signal<ReadonlySet<string> | null>(null);

const isListed = (chat: Chat) =>
  !chat.is_temporary &&
  chat.is_archived === (which.peek().kept === "archived") &&
  (which.peek().folder === undefined || chat.folder === which.peek().folder);
const isShown = ({ id }: Chat) => !hidden.value.has(id);

/** The pinned chats, where all are listed. */
export const pinned = computed(() =>
  which.value.kept === "usual" && which.value.folder === undefined ? pinnedOnes.value.filter(isShown) : [],
);
/** The chats that are known, the one last used first; null until the first are. */
export const chats = computed(() => {
  const above = new Set(pinned.value.map(({ id }) => id));
  return all.value?.filter((chat) => isShown(chat) && !above.has(chat.id)) ?? null;
});
export const hasMoreChats = computed(() => following.value !== null);

/** Load the first page again; what was loaded behind it stays. */
export async function loadChats(signal: AbortSignal): Promise<void> {
  const asked = which.peek();
  const [page, above, named] = await Promise.all([
    hubbub.chats(signal, null, asked),
    allPinned(signal),
    hubbub.folders(signal),
  ]);
  if (asked !== which.peek()) return;
  const last = page.chats.at(-1);
  const known = new Set(page.chats.map(({ id }) => id));
  const isBehind = (chat: Chat) =>
    last !== undefined &&
    (chat.updated_at < last.updated_at || (chat.updated_at === last.updated_at && chat.id < last.id));
  const behind = page.next === null ? [] : (all.peek() ?? []).filter((chat) => !known.has(chat.id) && isBehind(chat));
  batch(() => {
    all.value = [...page.chats, ...behind];
    pinnedOnes.value = above;
    folders.value = named;
    if (behind.length === 0) following.value = page.next;
  });
}

async function allPinned(signal: AbortSignal): Promise<Chat[]> {
  const found: Chat[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const page: { chats: Chat[]; next: string | null } = await hubbub.chats(signal, after ?? null, { kept: "pinned" });
    found.push(...page.chats);
    after = page.next;
  }
  return found;
}

/** List other chats: the archived ones, or those of a folder. */
export function list(wanted: Which): void {
  batch(() => {
    which.value = wanted;
    all.value = null;
    following.value = null;
    selected.value = null;
  });
  loadChats(never).catch(tell);
}

let isLoadingMore = false;

export async function loadMoreChats(): Promise<void> {
  const after = following.peek();
  const asked = which.peek();
  if (after === null || isLoadingMore) return;
  isLoadingMore = true;
  try {
    const page = await hubbub.chats(never, after, asked);
    if (asked !== which.peek()) return;
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

export const chatOf = (id: string): Chat | undefined =>
  all.value?.find((chat) => chat.id === id) ?? pinnedOnes.value.find((chat) => chat.id === id);

/** Put a chat that was just used at the top. */
export function touch(chat: Chat): void {
  if (chat.is_pinned) pinnedOnes.value = [chat, ...pinnedOnes.peek().filter(({ id }) => id !== chat.id)];
  if (isListed(chat)) all.value = [chat, ...(all.value ?? []).filter(({ id }) => id !== chat.id)];
}

/** Put what is known of a chat in the place of what was. */
function put(changed: Chat): void {
  const replaced = (chats: readonly Chat[]) => chats.map((one) => (one.id === changed.id ? changed : one));
  all.value = all.peek() && replaced(all.peek() ?? []);
  pinnedOnes.value = replaced(pinnedOnes.peek());
}

export async function rename(chat: Chat, title: string): Promise<void> {
  const wanted = title.trim();
  if (wanted === "" || wanted === chat.title) return;
  put({ ...chat, title: wanted });
  try {
    put(await hubbub.changeChat(never, chat.id, { title: wanted }));
  } catch (error) {
    put(chat);
    tell(error);
  }
}

/** Say what models are told in a chat; returns the chat as it is then. */
export async function instruct(chat: Chat, instructions: string): Promise<Chat | null> {
  try {
    const changed = await hubbub.changeChat(never, chat.id, { instructions });
    put(changed);
    return changed;
  } catch (error) {
    tell(error);
    return null;
  }
}

/** Change how chats are kept, and offer to undo that. `undo` says how they were. */
export async function keep(changed: readonly Chat[], changes: ChatChanges, told: string): Promise<void> {
  const before = new Map<string, ChatChanges>();
  for (const { id, is_pinned, is_archived, folder } of changed) before.set(id, { is_pinned, is_archived, folder });
  try {
    await inPieces(
      changed.map(({ id }) => id),
      (ids) => hubbub.changeChats(never, ids, changes),
    );
    await loadChats(never);
  } catch (error) {
    return tell(error);
  }
  const undo = async () => {
    try {
      for (const [id, was] of before) await hubbub.changeChat(never, id, was);
      await loadChats(never);
    } catch (error) {
      tell(error);
    }
  };
  notify(told, { action: { label: t("Undo"), run: undo } });
}

const MOST_AT_ONCE = 200;

async function inPieces(ids: readonly string[], run: (ids: readonly string[]) => Promise<void>): Promise<void> {
  for (let at = 0; at < ids.length; at += MOST_AT_ONCE) await run(ids.slice(at, at + MOST_AT_ONCE));
}

/** Give a folder another name; with an empty one its chats are in none. */
export async function renameFolder(name: string, wanted: string): Promise<void> {
  try {
    await hubbub.renameFolder(never, name, wanted);
    list(wanted === "" ? { kept: "usual" } : { kept: "usual", folder: wanted });
  } catch (error) {
    tell(error);
  }
}

/** Take a chat away, and really delete it when there was time to undo that. */
export const remove = (chat: Chat): void => removeAll([chat]);

export function removeAll(chats: readonly Chat[]): void {
  const ids = chats.map(({ id }) => id);
  hidden.value = new Set([...hidden.value, ...ids]);
  const { value: shown } = route;
  if (shown.page === "chat" && ids.includes(shown.chatId ?? "")) navigate(homePath, { replace: true });

  let isUndone = false;
  const undo = () => {
    isUndone = true;
    removeEventListener("pagehide", finish);
    show(ids);
  };
  const finish = () => {
    if (isUndone) return;
    isUndone = true;
    removeEventListener("pagehide", finish);
    const [only, ...others] = ids;
    const deleting =
      only !== undefined && others.length === 0
        ? hubbub.deleteChat(never, only)
        : inPieces(ids, (some) => hubbub.deleteChats(never, some));
    deleting
      .then(() => {
        all.value = all.value?.filter(({ id }) => !ids.includes(id)) ?? null;
        pinnedOnes.value = pinnedOnes.value.filter(({ id }) => !ids.includes(id));
      })
      .catch(tell)
      .finally(() => show(ids));
  };
  addEventListener("pagehide", finish);
  const told =
    chats.length === 1
      ? t("Deleted “{title}”.", { title: chats[0]?.title })
      : plural(chats.length, "Deleted {count} chat.", "Deleted {count} chats.");
  notify(told, { action: { label: t("Undo"), run: undo }, over: finish });
}

/** Whether a chat is about to be deleted. */
export const isHidden = (id: string): boolean => hidden.value.has(id);

function show(ids: readonly string[]): void {
  hidden.value = new Set([...hidden.value].filter((id) => !ids.includes(id)));
}
