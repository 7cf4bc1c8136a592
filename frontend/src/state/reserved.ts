/** Know which pages are not for whoever is here. */

import { me } from "./session";

/** Pages that are not for everybody. */
export type Reserved = "account" | "keys" | "people" | "operate";

/** Whether a page is closed to who is here; null while that is not known yet. */
export function isClosed(page: Reserved): boolean | null {
  if (me.value === null) return null;
  const { person, may_operate: mayOperate } = me.value;
  if (page === "operate") return !mayOperate;
  if (page === "people") return !(person.is_signed_in && person.is_operator);
  return !person.is_signed_in;
}
