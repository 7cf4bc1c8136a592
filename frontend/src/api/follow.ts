/** Follow an answer's events to their end, through any number of broken connections. */

import type { Event, NumberedEvent } from "../events";
import { open, Problem, unreachable } from "./http";
import { serverSentEvents } from "./sse";

const FIRST_WAIT_MILLISECONDS = 400;
const LONGEST_WAIT_MILLISECONDS = 8_000;
/** The server sends a comment at least every 15 s; three missed ones mean that the line is dead. */
const SILENCE_MILLISECONDS = 45_000;

/**
 * Hand over the events numbered above `after`, in order, none twice, in batches as they arrive.
 *
 * Returns the number of the last one when there is nothing more to come. A connection that breaks
 * is made again from there, for as long as it takes. Throws `Problem` where the server refuses
 * for good (the answer is not there), or the signal's reason.
 */
export async function follow(
  signal: AbortSignal,
  answerId: string,
  after: number,
  take: (events: NumberedEvent[]) => void,
): Promise<number> {
  let last = after;
  let wait = FIRST_WAIT_MILLISECONDS;
  for (;;) {
    const before = last;
    try {
      const hasEnded = await readOnce(signal, answerId, last, (events) => {
        const fresh = events.filter((event) => event.number > last);
        last = fresh.at(-1)?.number ?? last;
        if (fresh.length > 0) take(fresh);
      });
      if (hasEnded) return last;
    } catch (problem) {
      signal.throwIfAborted();
      if (!(problem instanceof Problem) || !isWorthAnotherTry(problem)) throw problem;
      if (problem.retryAfterSeconds !== null) wait = Math.max(wait, problem.retryAfterSeconds * 1000);
    }
    wait = last > before ? FIRST_WAIT_MILLISECONDS : Math.min(wait * 2, LONGEST_WAIT_MILLISECONDS);
    await pause(signal, wait * (0.75 + Math.random() / 2)); // spread, so that a restart is not met by all at once
  }
}

/** 507: the server can store nothing, and nothing comes until somebody has mended that. The person is to know. */
const isWorthAnotherTry = ({ status }: Problem) =>
  status === 0 || status === 429 || status === 408 || (status >= 500 && status !== 507);

/** Read one connection to its end; returns whether it was the answer's end too. */
async function readOnce(
  signal: AbortSignal,
  answerId: string,
  after: number,
  take: (events: NumberedEvent[]) => void,
): Promise<boolean> {
  const silence = new AbortController();
  const either = AbortSignal.any([signal, silence.signal]);
  let timer = setTimeout(() => silence.abort(), SILENCE_MILLISECONDS);
  try {
    const path = `/api/answers/${encodeURIComponent(answerId)}/events?after=${after}`;
    const response = await open(either, path, { Accept: "text/event-stream", "Last-Event-ID": String(after) });
    if (response.status === 204 || response.body === null) return true;
    const split = serverSentEvents();
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return false;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MILLISECONDS);
      const events = split(decoder.decode(value, { stream: true })).map(({ id, data }) => ({
        number: Number(id),
        event: JSON.parse(data) as Event,
      }));
      take(events);
      if (events.some(({ event }) => isEnding(event))) {
        await reader.cancel();
        return true;
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof Problem ? error : unreachable();
  } finally {
    clearTimeout(timer);
  }
}

const isEnding = (event: Event) => event.type === "done" || event.type === "failed" || event.type === "stopped";

/** Wait, but not longer than until the browser says that it is online again. */
function pause(signal: AbortSignal, milliseconds: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      signal.removeEventListener("abort", end);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(end, milliseconds);
    addEventListener("online", end);
    signal.addEventListener("abort", end);
  });
}
