/** Tell this browser's other windows what was changed in this one, and look again at what was changed in them. */

import { onWritten, PREFIX } from "../api/http";
import { loadChats } from "./chats";
import { loadCollections } from "./library";
import { refreshThread } from "./thread";

type Kind = "chats" | "documents";

/** Several changes in a row are looked at once. */
const PAUSE_MILLISECONDS = 50;
const KINDS: readonly [RegExp, Kind][] = [
  [/^\/api\/(chats|questions|messages|answers|folders|imports)\b/, "chats"],
  [/^\/api\/(collections|documents)\b/, "documents"],
];

/** What a change that was sent to a path is a change of; null where no other window shows that. */
export const kindOf = (path: string): Kind | null => KINDS.find(([pattern]) => pattern.test(path))?.[1] ?? null;

/** Runs for as long as the page does. Windows that nobody sees look again once they are seen. */
export function runWindows(signal: AbortSignal, tell: (error: unknown) => void): void {
  if (typeof BroadcastChannel === "undefined") return;
  const channel = new BroadcastChannel(`hubbub.changes ${PREFIX}`);
  onWritten((path) => {
    const kind = kindOf(path);
    if (kind !== null) channel.postMessage(kind);
  });
  const heard = new Set<Kind>();
  const look = () => {
    if (heard.has("chats")) {
      loadChats(signal).catch(tell);
      refreshThread();
    }
    if (heard.has("documents")) loadCollections(signal).catch(tell);
    heard.clear();
  };
  channel.onmessage = ({ data }: MessageEvent<Kind>) => {
    if (document.hidden) return;
    if (heard.size === 0) setTimeout(look, PAUSE_MILLISECONDS);
    heard.add(data);
  };
  signal.addEventListener("abort", () => channel.close());
}
