/** Say when something was said: the hour, or the day where it was another. */

import { locale } from "../../language/t";

export function Time({ seconds }: { seconds: number }) {
  const at = new Date(seconds * 1000);
  const isToday = at.toDateString() === new Date().toDateString();
  const text = isToday
    ? at.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" })
    : at.toLocaleDateString(locale, { day: "numeric", month: "short", year: "numeric" });
  return (
    <time class="message-time" dateTime={at.toISOString()} title={at.toLocaleString(locale)}>
      {text}
    </time>
  );
}
