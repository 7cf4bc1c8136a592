/** Say whose quota is used up, and when it begins anew on the reader's own clock. */

import { inWords } from "./bounds";
import { locale, type ReasonValues, said, t } from "./t";

export type Scope = "server" | "group" | "person" | "key";

export const capital = (text: string) => text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);

export function whose({ scope, group }: { scope: Scope; group: string }): string {
  const names = {
    server: t("the quota of this server"),
    group: t("the quota of the group {group}", { group }),
    person: t("your quota"),
    key: t("the quota of this API key"),
  };
  return names[scope];
}

/** A moment to come, in seconds since 1970: in how long where that is soon, else when. */
export function moment(at: number, now: number): string {
  const minutes = Math.max(1, Math.round((at - now) / 60));
  if (minutes < 90) return t("in {minutes} min", { minutes });
  const day: Intl.DateTimeFormatOptions = minutes < 20 * 60 ? {} : { month: "short", day: "numeric" };
  const format: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", ...day };
  return t("at {time}", { time: new Date(at * 1000).toLocaleString(locale, format) });
}

const SCOPES: readonly string[] = ["server", "group", "person", "key"] satisfies Scope[];

/** What the server says of a quota that is used up, which names moments on its own clock; null where it says too little. */
export function usedUp(values: ReasonValues, now: number = Date.now() / 1000): string | null {
  const { scope, group = "", limit, begins_at: at } = values;
  if (typeof at !== "number" || typeof scope !== "string" || !SCOPES.includes(scope)) return null;
  const told = {
    whose: capital(whose({ scope: scope as Scope, group: String(group) })),
    limit: inWords(String(limit)),
    moment: moment(at, now),
  };
  const { whose: name, limit: text } = told;
  const then = t("You can ask again then.");
  const inEnglish = () =>
    t("{whose} is used up: {text}. It begins anew {moment}. {then}", { whose: name, text, moment: told.moment, then });
  return said("quota_used_up", told) ?? inEnglish();
}
