/** The worker that all tabs of a browser share: it alone holds a connection, and follows answers for all of them. */

import { type Follower, makeFeed } from "./feed";
import type { ToTab, ToWorker } from "./feed-messages";
import { onReachability, Problem, unreachable } from "./http";

interface Tab {
  port: MessagePort;
  followers: Map<number, Follower>;
  heardAt: number;
}

/** A hidden tab's timers may run once a minute; one that says nothing for longer is gone without a word. */
const GONE_MILLISECONDS = 150_000;
const LOOK_MILLISECONDS = 30_000;

const feed = makeFeed();
const tabs = new Set<Tab>();

onReachability((isReachable) => {
  for (const { port } of tabs) tell(port, { kind: "reachable", isReachable });
});
setInterval(() => {
  for (const tab of tabs) if (Date.now() - tab.heardAt > GONE_MILLISECONDS) letGo(tab);
}, LOOK_MILLISECONDS);

addEventListener("connect", (event) => {
  const port = (event as MessageEvent).ports[0] as MessagePort;
  const tab: Tab = { port, followers: new Map(), heardAt: Date.now() };
  tabs.add(tab);
  port.onmessage = ({ data }: MessageEvent<ToWorker>) => hear(tab, data);
});

function hear(tab: Tab, message: ToWorker): void {
  tab.heardAt = Date.now();
  if (message.kind === "ping") tell(tab.port, { kind: "pong" });
  else if (message.kind === "bye") letGo(tab);
  else if (message.kind === "leave") leave(tab, message.key);
  else follow(tab, message.key, message.answerId, message.after);
}

function follow(tab: Tab, key: number, answerId: string, after: number): void {
  tabs.add(tab);
  const follower: Follower = {
    answerId,
    last: after,
    take: (events) => tell(tab.port, { kind: "events", key, events }),
    over: () => {
      tab.followers.delete(key);
      tell(tab.port, { kind: "over", key });
    },
    fail: (reason) => {
      tab.followers.delete(key);
      const { status, code, message } = reason instanceof Problem ? reason : unreachable();
      tell(tab.port, { kind: "failed", key, problem: { status, code, message } });
    },
  };
  tab.followers.set(key, follower);
  feed.add(follower);
}

function leave(tab: Tab, key: number): void {
  const follower = tab.followers.get(key);
  tab.followers.delete(key);
  if (follower) feed.remove(follower);
}

function letGo(tab: Tab): void {
  for (const key of [...tab.followers.keys()]) leave(tab, key);
  tabs.delete(tab);
}

function tell(port: MessagePort, message: ToTab): void {
  port.postMessage(message);
}
