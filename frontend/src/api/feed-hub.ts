/** Follow answers for all tabs of a browser over one connection: in a shared worker, or in the tab that leads. */

import { type Follower, makeFeed } from "./feed";
import type { ToTab, ToWorker } from "./feed-messages";
import { Problem, unreachable } from "./http";

/** The way to a tab. */
export interface TabPort {
  postMessage: (message: ToTab) => void;
}

interface Tab {
  followers: Map<number, Follower>;
  heardAt: number;
}

export interface Hub {
  /** Take what a tab says. */
  hear: (port: TabPort, message: ToWorker) => void;
  tellAll: (message: ToTab) => void;
  /** Follow nothing any more, without a word. */
  close: () => void;
}

/** A hidden tab's timers may run once a minute; one that says nothing for longer is gone without a word. */
const GONE_MILLISECONDS = 150_000;
const LOOK_MILLISECONDS = 30_000;

export function makeHub(): Hub {
  const feed = makeFeed();
  const tabs = new Map<TabPort, Tab>();

  const leave = (tab: Tab, key: number) => {
    const follower = tab.followers.get(key);
    tab.followers.delete(key);
    if (follower) feed.remove(follower);
  };
  const letGo = (port: TabPort, tab: Tab) => {
    for (const key of [...tab.followers.keys()]) leave(tab, key);
    tabs.delete(port);
  };
  const follow = (port: TabPort, tab: Tab, key: number, answerId: string, after: number) => {
    leave(tab, key);
    const follower: Follower = {
      answerId,
      last: after,
      take: (events) => port.postMessage({ kind: "events", key, events }),
      over: () => {
        tab.followers.delete(key);
        port.postMessage({ kind: "over", key });
      },
      fail: (reason) => {
        tab.followers.delete(key);
        const { status, code, message } = reason instanceof Problem ? reason : unreachable();
        port.postMessage({ kind: "failed", key, problem: { status, code, message } });
      },
    };
    tab.followers.set(key, follower);
    feed.add(follower);
  };
  const looking = setInterval(() => {
    for (const [port, tab] of tabs) if (Date.now() - tab.heardAt > GONE_MILLISECONDS) letGo(port, tab);
  }, LOOK_MILLISECONDS);

  return {
    hear(port, message) {
      const tab = tabs.get(port) ?? { followers: new Map(), heardAt: 0 };
      tabs.set(port, tab);
      tab.heardAt = Date.now();
      if (message.kind === "ping") port.postMessage({ kind: "pong" });
      else if (message.kind === "bye") letGo(port, tab);
      else if (message.kind === "leave") leave(tab, message.key);
      else follow(port, tab, message.key, message.answerId, message.after);
    },
    tellAll(message) {
      for (const port of tabs.keys()) port.postMessage(message);
    },
    close() {
      clearInterval(looking);
      for (const [port, tab] of [...tabs]) letGo(port, tab);
    },
  };
}
