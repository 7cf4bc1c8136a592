/** Say how long ago something was, in words for a list. */

const DAY_SECONDS = 86_400;

/** "Today", "Yesterday", "Last 7 days", "Last 30 days", or the month. Times are seconds since the epoch. */
export function dayLabel(seconds: number, now = new Date()): string {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime() / 1000;
  if (seconds >= midnight) return "Today";
  if (seconds >= midnight - DAY_SECONDS) return "Yesterday";
  if (seconds >= midnight - 7 * DAY_SECONDS) return "Last 7 days";
  if (seconds >= midnight - 30 * DAY_SECONDS) return "Last 30 days";
  return new Date(seconds * 1000).toLocaleDateString(undefined, { month: "long", year: "numeric" });
}
