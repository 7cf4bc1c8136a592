/** Say how long ago something was, in words for a list. */

import { locale, once, t } from "../../language/t";

const DAY_SECONDS = 86_400;
const months = once(() => new Intl.DateTimeFormat(locale, { month: "long", year: "numeric" }));

/** "Today", "Yesterday", "Last 7 days", "Last 30 days", or the month. Times are seconds since the epoch. */
export function dayLabel(seconds: number, now = new Date()): string {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime() / 1000;
  if (seconds >= midnight) return t("Today");
  if (seconds >= midnight - DAY_SECONDS) return t("Yesterday");
  if (seconds >= midnight - 7 * DAY_SECONDS) return t("Last 7 days");
  if (seconds >= midnight - 30 * DAY_SECONDS) return t("Last 30 days");
  return months().format(seconds * 1000);
}
