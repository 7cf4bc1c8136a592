/** Keep whether the server can be reached, and look for it again when it can't. */

import { effect, signal } from "@preact/signals";
import { onReachability } from "../api/http";
import * as hubbub from "../api/hubbub";

const LOOK_MILLISECONDS = 3_000;
/** A connection that breaks and is there again at once is not worth a word. */
const DOUBT_MILLISECONDS = 1_200;

export const isReachable = signal(true);

/** Watch the connection until the signal aborts; `back` is called each time that the server is there again. */
export function watchConnection(signal: AbortSignal, back: () => void): void {
  let doubt = 0;
  onReachability((reached) => {
    if (reached) {
      clearTimeout(doubt);
      doubt = 0;
      isReachable.value = true;
    } else if (doubt === 0) {
      doubt = window.setTimeout(() => {
        isReachable.value = false;
      }, DOUBT_MILLISECONDS);
    }
  });
  addEventListener(
    "offline",
    () => {
      isReachable.value = false;
    },
    { signal },
  );

  let wasReachable = true;
  const stop = effect(() => {
    const reachable = isReachable.value;
    if (reachable === wasReachable) return;
    wasReachable = reachable;
    if (reachable) back();
  });
  const timer = setInterval(() => {
    if (!isReachable.value) look(signal);
  }, LOOK_MILLISECONDS);
  addEventListener("online", () => look(signal), { signal });
  signal.addEventListener("abort", () => {
    stop();
    clearInterval(timer);
  });
}

function look(signal: AbortSignal): void {
  hubbub.me(signal).catch(() => {}); // what came of it arrives by onReachability
}
