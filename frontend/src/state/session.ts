/** Start what the whole page stands on, and keep who is here. */

import { signal } from "@preact/signals";
import { onSignedOut, Problem } from "../api/http";
import * as hubbub from "../api/hubbub";
import * as people from "../api/people";
import type { Me } from "../api/resources";
import { loadChats } from "./chats";
import { watchConnection } from "./connection";
import { loadCollections } from "./library";
import { loadModels } from "./models";
import { isAbort, tell } from "./notices";
import { loadInstructions } from "./prompts";
import { homePath, route } from "./route";
import { forgetAll } from "./storage";
import { refreshThread } from "./thread";

export const me = signal<Me | null>(null);
/** Whether nobody has signed in on this browser, who would have to. */
export const needsSignIn = signal(false);

async function loadMe(signal: AbortSignal): Promise<void> {
  me.value = await hubbub.me(signal);
}

/** Sign out, and leave nothing of what was written here to who comes next. */
export function signOut(): void {
  people.signOut(new AbortController().signal).then((left) => {
    forgetAll();
    location.assign(left?.address ?? homePath);
  }, tell);
}

/** Load everything, and again whenever the server is back or the page is looked at again. */
export function start(signal: AbortSignal): void {
  if (route.peek().page === "shared") return; // who was given a link need be nobody here
  const load = () => {
    if (needsSignIn.value) return;
    for (const part of [loadMe, loadModels, loadCollections, loadChats, loadInstructions])
      part(signal).catch(tellUnlessUnreachable);
    refreshThread();
  };
  const look = () => {
    if (document.hidden || needsSignIn.value) return;
    loadChats(signal).catch(tellUnlessUnreachable);
    refreshThread();
  };
  onSignedOut(() => {
    needsSignIn.value = true;
  });
  watchConnection(signal, load);
  document.addEventListener("visibilitychange", look, { signal });
  load();
}

/** The banner tells that the server can't be reached, and the page that one has to sign in; more would be noise. */
function tellUnlessUnreachable(error: unknown): void {
  if (isAbort(error) || (error instanceof Problem && (error.isUnreachable || error.code === "not_signed_in"))) return;
  tell(error);
}
