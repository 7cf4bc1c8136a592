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
import { dropUnsent } from "./outgoing";
import { loadInstructions } from "./prompts";
import { homePath, route } from "./route";
import { forgetAll, onRemembered, recall, remember } from "./storage";
import { refreshThread, sendUnreached } from "./thread";
import { runWindows } from "./windows";

export const me = signal<Me | null>(null);
/** Whether nobody has signed in on this browser, who would have to. */
export const needsSignIn = signal(false);

/** Who has signed in on this browser, by their id: what one tab remembers, the others hear of. */
const PERSON = "person";
/** Whether the server let this browser in when it was asked last. */
const HERE = "here";

/** Whether a page is for those who were given a link, and need be nobody here. */
const isForNobody = (page: string) => page === "shared" || page === "welcome";

/** What a page has to do when it hears who is here now: nothing, load anew, or leave nothing of who was here before. */
export function whatToDo(before: Me | null, remembered: string | null, now: Me): "stay" | "reload" | "forget" {
  const was = before?.person.is_signed_in ? before.person.id : remembered;
  if (was !== null && was !== now.person.id) return "forget";
  const hasSignedIn = before !== null && now.person.is_signed_in && before.person.id !== now.person.id;
  return hasSignedIn ? "reload" : "stay";
}

async function loadMe(signal: AbortSignal): Promise<void> {
  const now = await hubbub.me(signal);
  const next = whatToDo(me.peek(), recall<string>(PERSON), now);
  if (next === "forget") forgetPerson(PERSON);
  remember(HERE, true);
  remember(PERSON, now.person.is_signed_in ? now.person.id : null);
  if (next === "stay") me.value = now;
  else if (next === "reload") location.reload();
  else location.assign(homePath);
}

/** Leave nothing here of who is not here any more, but what is named. */
function forgetPerson(...kept: readonly string[]): void {
  dropUnsent(); // the page would keep it for the next one
  forgetAll(...kept);
}

/** Another tab has heard of somebody else, or has signed out: then this one is left, too. */
function followOthers(signal: AbortSignal): void {
  if (me.peek()?.person.is_signed_in && recall<string>(PERSON) === null) {
    forgetPerson();
    location.assign(homePath);
    return;
  }
  loadMe(signal).then(() => {
    if (needsSignIn.peek()) location.reload();
  }, tellUnlessUnreachable);
}

/** Sign out, and leave nothing of what was written here to who comes next. */
export function signOut(): void {
  people.signOut(new AbortController().signal).then((left) => {
    forgetPerson();
    location.assign(left?.address ?? homePath);
  }, tell);
}

/** Load everything, and again whenever the server is back or the page is looked at again. */
export function start(signal: AbortSignal): void {
  if (isForNobody(route.peek().page)) return;
  const load = async () => {
    if (needsSignIn.value) return;
    const knowing = loadMe(signal).catch(tellUnlessUnreachable);
    if (recall<boolean>(HERE) !== true) await knowing; // else all that is asked besides might be refused
    if (needsSignIn.value) return;
    for (const part of [loadModels, loadCollections, loadChats, loadInstructions])
      part(signal).catch(tellUnlessUnreachable);
    refreshThread();
  };
  const look = () => {
    if (document.hidden || needsSignIn.value) return;
    for (const part of [loadMe, loadChats]) part(signal).catch(tellUnlessUnreachable);
    refreshThread();
  };
  onSignedOut(() => {
    needsSignIn.value = true;
    remember(HERE, null);
  });
  onRemembered(signal, PERSON, () => followOthers(signal));
  runWindows(signal, tellUnlessUnreachable);
  watchConnection(signal, () => {
    load();
    sendUnreached();
  });
  document.addEventListener("visibilitychange", look, { signal });
  load();
}

/** The banner tells that the server can't be reached, and the page that one has to sign in; more would be noise. */
function tellUnlessUnreachable(error: unknown): void {
  if (isAbort(error) || (error instanceof Problem && (error.isUnreachable || error.code === "not_signed_in"))) return;
  tell(error);
}
