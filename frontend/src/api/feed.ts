/** Follow any number of answers to their ends over one connection, through any number of broken ones. */

import type { Event, NumberedEvent } from "../events";
import { open, Problem, unreachable } from "./http";
import { type ServerSentEvent, serverSentEvents } from "./sse";

const FIRST_WAIT_MILLISECONDS = 400;
const LONGEST_WAIT_MILLISECONDS = 8_000;
/** The server sends a comment at least every 15 s; three missed ones mean that the line is dead. */
const SILENCE_MILLISECONDS = 45_000;
/** The server takes no more over one connection. Others are followed as these end. */
const MOST_ANSWERS = 100;

/** Somebody who follows an answer. Exactly one of `over` and `fail` is called, and nothing after it. */
export interface Follower {
  answerId: string;
  /** The number of the last event that it was given. */
  last: number;
  /** Takes the next events, in order and none twice. */
  take: (events: NumberedEvent[]) => void;
  /** There is nothing more to come. */
  over: () => void;
  /** The server refuses for good, or the signal says to give up. */
  fail: (reason: unknown) => void;
}

export interface Feed {
  add: (follower: Follower) => void;
  /** Let a follower go without a word. */
  remove: (follower: Follower) => void;
  /** Drop the connection until `resume`. Nothing is lost: it goes on from where it was. */
  pause: () => void;
  resume: () => void;
}

type Frame = ServerSentEvent & { answerId: string };

/** A feed without followers. It holds a connection for as long as it has some. */
export function makeFeed(): Feed {
  const followers = new Set<Follower>();
  let connection: AbortController | null = null;
  /** By answer that comes over the connection, the number of the last event that did. */
  let reached = new Map<string, number>();
  let wait = FIRST_WAIT_MILLISECONDS;
  let isPaused = false;
  let isPlanned = false;

  /** Open the connection anew where it no longer fits who follows; once for all that changes at once. */
  const plan = () => {
    if (isPlanned) return;
    isPlanned = true;
    setTimeout(() => {
      isPlanned = false;
      const wanted = isPaused ? new Map<string, number>() : wantedOf(followers);
      const isFit = [...wanted].every(([id, last]) => (reached.get(id) ?? Number.POSITIVE_INFINITY) <= last);
      if (connection !== null && isFit && reached.size === wanted.size) return;
      connection?.abort();
      connection = null;
      reached = wanted;
      if (wanted.size > 0) run();
    });
  };

  const run = async () => {
    const controller = new AbortController();
    const { signal } = controller;
    connection = controller;
    const asked = [...reached.keys()];
    let hasComeOn = false;
    try {
      await readOnce(signal, reached, (frames) => {
        hasComeOn = true;
        deal(frames);
      });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Problem && isWorthAnotherTry(error))) {
        for (const follower of [...followers])
          if (asked.includes(follower.answerId)) settle(follower, () => follower.fail(error));
      } else if (error.retryAfterSeconds !== null) {
        wait = Math.max(wait, error.retryAfterSeconds * 1000);
      }
    }
    if (signal.aborted) return;
    wait = hasComeOn ? FIRST_WAIT_MILLISECONDS : Math.min(wait * 2, LONGEST_WAIT_MILLISECONDS);
    // Spread, so that a restart is not met by all at once.
    if (followers.size > 0) await pause(signal, wait * (0.75 + Math.random() / 2));
    if (signal.aborted) return;
    connection = null;
    reached = new Map();
    plan();
  };

  const settle = (follower: Follower, tell: () => void) => {
    if (followers.delete(follower)) tell();
  };

  /** Give what came to those who follow it; to each as one batch, as far as it goes. */
  const deal = (frames: readonly Frame[]) => {
    const batches = new Map<Follower, NumberedEvent[]>();
    const flush = (follower: Follower) => {
      const events = batches.get(follower) ?? [];
      batches.delete(follower);
      if (events.length > 0 && followers.has(follower)) follower.take(events);
    };
    for (const { answerId, id, name, data } of frames) {
      const number = Number(id);
      const event = id === null ? null : (JSON.parse(data) as Event);
      const isLast = name === "over" || name === "refused" || (event !== null && isEnding(event));
      for (const follower of followers) {
        if (follower.answerId !== answerId) continue;
        if (event !== null && number > follower.last) {
          follower.last = number;
          const batch = batches.get(follower);
          if (batch) batch.push({ number, event });
          else batches.set(follower, [{ number, event }]);
        }
        if (!isLast) continue;
        flush(follower);
        settle(follower, name === "refused" ? () => follower.fail(refusalOf(data)) : follower.over);
      }
      if (isLast) reached.delete(answerId);
      else if (event !== null) reached.set(answerId, number);
      else if (name === "trouble") {
        reached.delete(answerId);
        setTimeout(plan, wait);
      }
    }
    for (const follower of [...batches.keys()]) flush(follower);
  };

  return {
    add(follower) {
      followers.add(follower);
      plan();
    },
    remove(follower) {
      if (followers.delete(follower)) plan();
    },
    pause() {
      isPaused = true;
      plan();
    },
    resume() {
      isPaused = false;
      plan();
    },
  };
}

/** By answer, the number behind which somebody wants it. */
function wantedOf(followers: ReadonlySet<Follower>): Map<string, number> {
  const wanted = new Map<string, number>();
  for (const { answerId, last } of followers) {
    if (wanted.size >= MOST_ANSWERS && !wanted.has(answerId)) continue;
    wanted.set(answerId, Math.min(last, wanted.get(answerId) ?? last));
  }
  return wanted;
}

/** 507: the server can store nothing, and nothing comes until somebody has mended that. The person is to know. */
const isWorthAnotherTry = ({ status }: Problem) =>
  status === 0 || status === 429 || status === 408 || (status >= 500 && status !== 507);

/** Read one connection to its end. */
async function readOnce(
  signal: AbortSignal,
  wanted: ReadonlyMap<string, number>,
  take: (frames: readonly Frame[]) => void,
): Promise<void> {
  const silence = new AbortController();
  const either = AbortSignal.any([signal, silence.signal]);
  let timer = setTimeout(() => silence.abort(), SILENCE_MILLISECONDS);
  try {
    const query = [...wanted].map(([id, last]) => `follow=${encodeURIComponent(id)}.${last}`).join("&");
    const response = await open(either, `/api/answers/events?${query}`, { Accept: "text/event-stream" });
    if (response.body === null) return;
    const split = serverSentEvents();
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    let answerId = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MILLISECONDS);
      const frames: Frame[] = [];
      for (const frame of split(decoder.decode(value, { stream: true }))) {
        if (frame.name === "answer") answerId = frame.data;
        else frames.push({ ...frame, answerId });
      }
      take(frames);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof Problem ? error : unreachable();
  } finally {
    clearTimeout(timer);
  }
}

const isEnding = (event: Event) => event.type === "done" || event.type === "failed" || event.type === "stopped";

function refusalOf(data: string): Problem {
  const { code, detail } = JSON.parse(data) as { code: string; detail: string };
  return new Problem(code === "not_found" ? 404 : 400, code, detail);
}

/** Wait, but not longer than until the browser says that it is online again. */
function pause(signal: AbortSignal, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    addEventListener("online", end);
    signal.addEventListener("abort", end);
  });
}
