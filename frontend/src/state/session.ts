/** Start what the whole page stands on, and keep who is here. */

import { signal } from "@preact/signals";
import { Problem } from "../api/http";
import * as hubbub from "../api/hubbub";
import type { Me } from "../api/resources";
import { loadChats } from "./chats";
import { watchConnection } from "./connection";
import { loadCollections } from "./library";
import { loadModels } from "./models";
import { isAbort, tell } from "./notices";
import { refreshThread } from "./thread";

export const me = signal<Me | null>(null);

async function loadMe(signal: AbortSignal): Promise<void> {
  me.value = await hubbub.me(signal);
}

/** Load everything, and again whenever the server is back or the page is looked at again. */
export function start(signal: AbortSignal): void {
  const load = () => {
    for (const part of [loadMe, loadModels, loadCollections, loadChats]) part(signal).catch(tellUnlessUnreachable);
    refreshThread();
  };
  const look = () => {
    if (document.hidden) return;
    loadChats(signal).catch(tellUnlessUnreachable);
    refreshThread();
  };
  watchConnection(signal, load);
  document.addEventListener("visibilitychange", look, { signal });
  load();
}

/** The banner tells that the server can't be reached; a notice more would be noise. */
function tellUnlessUnreachable(error: unknown): void {
  if (!isAbort(error) && !(error instanceof Problem && error.isUnreachable)) tell(error);
}
