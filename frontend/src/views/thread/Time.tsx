/** Say when something was said: the hour, or the day where it was another. */

export function Time({ seconds }: { seconds: number }) {
  const at = new Date(seconds * 1000);
  const isToday = at.toDateString() === new Date().toDateString();
  const text = isToday
    ? at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" })
    : at.toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });
  return (
    <time class="message-time" dateTime={at.toISOString()} title={at.toLocaleString()}>
      {text}
    </time>
  );
}
