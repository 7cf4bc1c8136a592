/** Follow an answer's events to their end: over the one connection that all tabs of the browser share, where it can. */

import type { NumberedEvent } from "../events";
import { sentenceOf } from "../language/problems";
import { type Feed, type Follower, makeFeed } from "./feed";
import { type Channel, canLead, openChannel } from "./feed-channel";
import type { ToTab, ToWorker } from "./feed-messages";
import { Problem, tellReachable, unreachable } from "./http";

const PING_MILLISECONDS = 250;
/** A worker that is asked, and says nothing for so long, has gone down with the process that it ran in. */
const DEAD_MILLISECONDS = 500;
const MOST_DEATHS = 3;
/** A tab with a connection of its own gives it up when it is hidden; a browser has few connections. */
const HIDDEN_MILLISECONDS = 2_000;

let feed: Feed | null = null;

/**
 * Hand over the events numbered above `after`, in order, none twice, in batches as they arrive.
 *
 * Returns when there is nothing more to come. A connection that breaks is made again, for as long as it takes. Throws
 * `Problem` where the server refuses for good (the answer is not there), or the signal's reason.
 */
export function follow(
  signal: AbortSignal,
  answerId: string,
  after: number,
  take: (events: NumberedEvent[]) => void,
): Promise<void> {
  feed ??= typeof SharedWorker === "undefined" && !canLead() ? ownFeed() : sharedFeed();
  const through = feed;
  return new Promise((resolve, reject) => {
    const abort = () => {
      through.remove(follower);
      reject(signal.reason);
    };
    const settled = () => signal.removeEventListener("abort", abort);
    const follower: Follower = {
      answerId,
      last: after,
      take,
      over: () => {
        settled();
        resolve();
      },
      fail: (reason) => {
        settled();
        reject(reason);
      },
    };
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", abort);
    through.add(follower);
  });
}

/** A feed of this tab's own, for browsers without shared workers. */
function ownFeed(): Feed {
  const own = makeFeed();
  let timer = 0;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) timer = window.setTimeout(own.pause, HIDDEN_MILLISECONDS);
    else own.resume();
  });
  return own;
}

/**
 * The feed of the worker that all tabs share, or of the tab that leads where there are no such workers.
 *
 * Where neither can be had, or it dies again and again, a feed of this tab's own.
 */
function sharedFeed(): Feed {
  const followers = new Map<number, Follower>();
  let own: Feed | null = null;
  let port: { postMessage: (message: ToWorker) => void } | null = null;
  let channel: Channel | null = null;
  let count = 0;
  let heardAt = 0;
  let askedAt = 0;
  let silences = 0;
  let deaths = 0;

  const tell = (message: ToWorker) => port?.postMessage(message);
  const begin = (key: number, { answerId, last }: Follower) => tell({ kind: "follow", key, answerId, after: last });

  const beginAll = () => {
    askedAt = silences = 0;
    for (const [key, follower] of followers) begin(key, follower);
  };

  const connect = () => {
    if (typeof SharedWorker === "undefined") {
      if (channel === null) channel = openChannel(hear, beginAll);
      else channel.takeOver(); // the tab that leads says nothing any more
      port = channel;
      return beginAll();
    }
    try {
      const worker = new SharedWorker(new URL("./feed-worker.ts", import.meta.url), { type: "module", name: "feed" });
      worker.onerror = fallBack;
      worker.port.onmessage = ({ data }: MessageEvent<ToTab>) => hear(data);
      port = worker.port;
      beginAll();
    } catch {
      fallBack();
    }
  };

  const fallBack = () => {
    if (own !== null) return;
    tell({ kind: "bye" });
    port = null;
    own = ownFeed();
    for (const follower of followers.values()) own.add(follower);
    followers.clear();
  };

  const hear = (message: ToTab) => {
    heardAt = Date.now();
    silences = deaths = 0;
    if (message.kind === "pong") return;
    if (message.kind === "reachable") return tellReachable(message.isReachable);
    const follower = followers.get(message.key);
    if (follower === undefined) return;
    if (message.kind === "events") {
      const fresh = message.events.filter(({ number }) => number > follower.last);
      follower.last = fresh.at(-1)?.number ?? follower.last;
      if (fresh.length > 0) follower.take(fresh);
      return;
    }
    followers.delete(message.key);
    if (message.kind === "over") return follower.over();
    const { status, code, message: text } = message.problem;
    // A worker speaks English alone.
    follower.fail(status === 0 ? unreachable() : new Problem(status, code, sentenceOf(code, text)));
  };

  setInterval(() => {
    if (port === null || followers.size === 0) {
      askedAt = 0;
    } else if (askedAt > heardAt && Date.now() - askedAt > DEAD_MILLISECONDS) {
      if (++silences < 2) return; // this tab may be what is late: what was said meanwhile comes in before the next look
      tell({ kind: "bye" });
      if (++deaths > MOST_DEATHS) fallBack();
      else connect();
    } else if (askedAt <= heardAt) {
      askedAt = Date.now();
      tell({ kind: "ping" });
    }
  }, PING_MILLISECONDS);
  addEventListener("pagehide", () => tell({ kind: "bye" }));
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) for (const [key, follower] of followers) begin(key, follower);
  });
  connect();

  return {
    add(follower) {
      if (own !== null) return own.add(follower);
      followers.set(++count, follower);
      begin(count, follower);
    },
    remove(follower) {
      own?.remove(follower);
      for (const [key, one] of followers) {
        if (one !== follower) continue;
        followers.delete(key);
        tell({ kind: "leave", key });
      }
    },
    pause() {},
    resume() {},
  };
}
