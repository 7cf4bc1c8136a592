/** Keep what is known of the chats that were opened last; what is known of others is loaded again when it is wanted. */

import { type Signal, signal } from "@preact/signals";
import type { Chat, Message } from "../api/resources";
import { forgetAnswer } from "./answers";
import type { Turns } from "./tree";

export interface Thread {
  chat: Chat | null;
  messages: readonly Message[];
  turns: Turns;
  /** Why the chat can't be shown; null where it can. */
  problem: string | null;
  isLoaded: boolean;
}

/** The key of the chat that is still to be begun. */
export const NEW = "";
/** Going back to one of the last chats is at once; a long day's chats would fill the memory. */
const MOST_KEPT = 4;

export const blank: Thread = { chat: null, messages: [], turns: new Map(), problem: null, isLoaded: false };
/** In the order in which they were opened. */
const threads = new Map<string, Signal<Thread>>();

/** The chats in which a question waits for the end of an answer, whether they are shown or not. */
export const waitedIn = signal<ReadonlySet<string>>(new Set());

export function threadOf(key: string): Signal<Thread> {
  let cell = threads.get(key);
  if (cell === undefined) {
    cell = signal(key === NEW ? { ...blank, isLoaded: true } : blank);
    threads.set(key, cell);
  }
  return cell;
}

/** Note that a chat is opened, and forget those that were opened before the last ones, unless they hold what is nowhere else. */
export function keepLatest(opened: string, isNeeded: (thread: Thread) => boolean): void {
  const cell = threadOf(opened);
  threads.delete(opened);
  threads.set(opened, cell);
  for (const [key, one] of threads) {
    if (threads.size <= MOST_KEPT + 1) return; // besides the new one
    if (key === NEW || key === opened || isNeeded(one.peek())) continue;
    threads.delete(key);
    for (const { id, role } of one.peek().messages) if (role === "assistant") forgetAnswer(id);
  }
}

/** Change what is known of a message. */
export function changeMessage({ id, chat_id }: Message, changes: Partial<Message>): void {
  const cell = threadOf(chat_id);
  cell.value = {
    ...cell.peek(),
    messages: cell.peek().messages.map((one) => (one.id === id ? { ...one, ...changes } : one)),
  };
}

/** Put what is known of a chat in the place of what was. */
export function changeChat(chat: Chat): void {
  const cell = threadOf(chat.id);
  cell.value = { ...cell.peek(), chat };
}
