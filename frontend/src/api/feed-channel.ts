/** Share one connection among tabs without a shared worker: one tab leads, by a Web Lock, and follows for all. */

import { type Hub, makeHub, type TabPort } from "./feed-hub";
import type { ToTab, ToWorker } from "./feed-messages";
import { onReachability } from "./http";

const NAME = "hubbub.feed";

type Letter =
  | { to: "leader"; from: string; message: ToWorker }
  | { to: "tab"; tab: string; message: ToTab }
  | { to: "all" };

export interface Channel {
  postMessage: (message: ToWorker) => void;
  /** Lead in the place of a tab that says nothing any more. */
  takeOver: () => void;
}

export const canLead = () =>
  typeof BroadcastChannel !== "undefined" && typeof navigator !== "undefined" && "locks" in navigator;

/** Take part: `hear` gets what the leader says, `led` is called whenever another tab leads from now on. */
export function openChannel(hear: (message: ToTab) => void, led: () => void): Channel {
  const me = crypto.randomUUID();
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = ({ data }: MessageEvent<Letter>) => {
    if (data.to === "all") led();
    else if (data.to === "tab" && data.tab === me) hear(data.message);
  };
  const wait = (options: LockOptions) => {
    navigator.locks.request(NAME, options, lead).catch(() => wait({})); // another tab took over: wait in line again
  };
  wait({});
  return {
    postMessage: (message) => channel.postMessage({ to: "leader", from: me, message } satisfies Letter),
    takeOver: () => wait({ steal: true }),
  };
}

/** Follow for all tabs until the lock is lost, with the tab or to another one. */
function lead(): Promise<never> {
  const channel = new BroadcastChannel(NAME); // one of its own: it reaches this tab as it does the others
  const hub: Hub = makeHub();
  const ports = new Map<string, TabPort>();
  channel.onmessage = ({ data }: MessageEvent<Letter>) => {
    if (data.to === "all") return end(); // who leads now says so
    if (data.to !== "leader") return;
    let port = ports.get(data.from);
    if (port === undefined) {
      const tab = data.from;
      port = { postMessage: (message) => channel.postMessage({ to: "tab", tab, message } satisfies Letter) };
      ports.set(tab, port);
    }
    hub.hear(port, data.message);
  };
  const stopListening = onReachability((isReachable) => hub.tellAll({ kind: "reachable", isReachable }));
  const end = () => {
    stopListening();
    hub.close();
    channel.close();
  };
  channel.postMessage({ to: "all" } satisfies Letter);
  return new Promise<never>(() => {}); // the lock is held for as long as this is not settled
}
