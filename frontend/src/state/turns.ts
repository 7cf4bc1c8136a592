/** Remember which branch of a chat was turned to, in this browser, until something newer is said in the chat. */

import type { Message } from "../api/resources";
import { recall, remember } from "./storage";
import type { Turns } from "./tree";

const NAME = "turns";
const MOST_CHATS = 50;

interface Kept {
  chat: string;
  /** The newest message that was known. */
  newest: string;
  turns: [string, string][];
}

const newestOf = (messages: readonly Message[]) => messages.at(-1)?.id ?? "";

export function keepTurns(chatId: string, messages: readonly Message[], turns: Turns): void {
  const others = (recall<Kept[]>(NAME) ?? []).filter(({ chat }) => chat !== chatId);
  const kept: Kept = { chat: chatId, newest: newestOf(messages), turns: [...turns] };
  remember(NAME, [kept, ...others].slice(0, MOST_CHATS));
}

/** What was turned to in a chat; nothing where it has gone on since, here or elsewhere: then the newest is shown. */
export function keptTurns(chatId: string, messages: readonly Message[]): Turns {
  const kept = (recall<Kept[]>(NAME) ?? []).find(({ chat }) => chat === chatId);
  return new Map(kept?.newest === newestOf(messages) ? kept.turns : []);
}
