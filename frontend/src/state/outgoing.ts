/** Keep the questions that are on their way to the server, or did not get there; a reload loses none of them. */

import { signal } from "@preact/signals";
import type { Question } from "../api/resources";
import type { Along } from "./along";
import { keepForNextPage, keepNothing } from "./drafts";

/** A question on its way to the server, or one that did not get there. */
export interface Outgoing {
  question: Question;
  problem: string | null;
  /** The server was not reached: the question is sent again once it is. */
  isUnreached: boolean;
}

const NAME = "hubbub.outgoing";
/** Of a question that is older nobody expects that it is still asked: it is typed again. */
const FRESH_MILLISECONDS = 60_000;

interface Kept {
  at: number;
  questions: Question[];
}

export const outgoing = signal<ReadonlyMap<string, Outgoing>>(new Map());

/** Say how a question fares; null: the server has it, or it was taken back. */
export function setOutgoing(id: string, value: Outgoing | null): void {
  const next = new Map(outgoing.peek());
  if (value === null) next.delete(id);
  else next.set(id, value);
  outgoing.value = next;
}

/** Take back all that was not sent, in all chats, and keep nothing of it. */
export function dropUnsent(): void {
  outgoing.value = new Map();
  keepNothing();
}

const draftOf = ({ chat_id, text }: Question) => ({ chatId: chat_id, text });

/** Keep what was not sent when the page is left; `isKept` says of which questions something may be kept. */
export function keepOutgoing(isKept: (question: Question) => boolean, alongOf: (question: Question) => Along): void {
  keepForNextPage(() =>
    [...outgoing.peek().values()]
      .filter(({ problem, question }) => problem !== null && isKept(question))
      .map(({ question }) => ({ ...draftOf(question), along: alongOf(question) })),
  );
  addEventListener("pagehide", () => {
    const sending = [...outgoing.peek().values()].filter(({ problem }) => problem === null);
    const questions = sending.map(({ question }) => question).filter(isKept);
    const kept: Kept = { at: Date.now(), questions };
    try {
      if (questions.length > 0) sessionStorage.setItem(NAME, JSON.stringify(kept));
    } catch {
      // No room, or no storage in this browser's mode.
    }
  });
  // The same page is shown again, and sends them itself.
  addEventListener("pageshow", ({ persisted }) => persisted && sessionStorage.removeItem(NAME));
}

/** The questions that an earlier page in this tab was sending when it was left, once. */
export function takeKept(): { toSend: readonly Question[]; toType: ReturnType<typeof draftOf>[] } {
  try {
    const { at, questions } = JSON.parse(sessionStorage.getItem(NAME) ?? '{"at":0,"questions":[]}') as Kept;
    sessionStorage.removeItem(NAME);
    const isFresh = Date.now() - at < FRESH_MILLISECONDS;
    return { toSend: isFresh ? questions : [], toType: isFresh ? [] : questions.map(draftOf) };
  } catch {
    return { toSend: [], toType: [] };
  }
}
