/** Offer to take along what was done on this browser before signing in. */

import { effect, signal } from "@preact/signals";
import { type GuestThings, guestThings, takeGuestThings } from "../api/mine";
import { t } from "../language/t";
import { loadChats } from "./chats";
import { loadCollections } from "./library";
import { isAbort, notify, tell } from "./notices";
import { me } from "./session";
import { recall, remember } from "./storage";

const DECLINED = "guest-declined";

/** What can be taken along; null where there is nothing, or where it was asked before. */
export const offered = signal<GuestThings | null>(null);

/** Look once, as soon as it is known that somebody has signed in. */
export function runGuest(): void {
  const stop = effect(() => {
    if (me.value === null) return;
    queueMicrotask(() => stop());
    if (me.value.person.is_signed_in && recall<string>(DECLINED) !== me.value.person.id) lookForGuest();
  });
}

async function lookForGuest(): Promise<void> {
  try {
    const things = await guestThings(new AbortController().signal);
    if (Object.values(things).some((count) => count > 0)) offered.value = things;
  } catch (error) {
    if (!isAbort(error)) console.warn(t("It can’t be seen what a guest did here."), error); // it is offered the next time
  }
}

export async function takeGuest(): Promise<void> {
  const { signal } = new AbortController();
  try {
    await takeGuestThings(signal);
    offered.value = null;
    notify(t("It is yours now."));
    await Promise.all([loadChats(signal), loadCollections(signal)]);
  } catch (error) {
    tell(error);
  }
}

/** Leave it as it is; it is offered again after signing in anew. */
export function leaveGuest(): void {
  offered.value = null;
  if (me.value !== null) remember(DECLINED, me.value.person.id);
}
