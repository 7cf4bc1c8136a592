/** Say what an answer waits for: its turn, or documents that are still being read. */

import type { StillReading } from "../../events";
import { plural, t } from "../../language/t";

export function waitingText(place: number, estimateSeconds: number | null): string {
  const where = place === 1 ? t("You are next") : t("You are number {count} in line", { count: place });
  return estimateSeconds === null
    ? where
    : t("{where}, about {duration} to go", { where, duration: durationText(estimateSeconds) });
}

/** Which documents an answer waits for. */
export function readingText({ names, has_more: hasMore, percents = [] }: StillReading): string {
  const told = names.map((name, i) => `“${name}”${percents[i] ? ` (${percents[i]} %)` : ""}`);
  const documents = told.join(", ");
  if (hasMore) return t("{documents} and more are still being read", { documents });
  return plural(told.length, "{documents} is still being read", "{documents} are still being read", { documents });
}

/** A time as people say it who don't know exactly. */
function durationText(seconds: number): string {
  if (seconds < 55) {
    const whole = Math.max(1, seconds < 10 ? Math.round(seconds) : Math.round(seconds / 5) * 5);
    return plural(whole, "{count} second", "{count} seconds");
  }
  const minutes = Math.round(seconds / 60);
  return plural(minutes, "{count} minute", "{count} minutes");
}
