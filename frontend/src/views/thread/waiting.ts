/** Say what an answer waits for: its turn, or documents that are still being read. */

import type { StillReading } from "../../events";

export function waitingText(place: number, estimateSeconds: number | null): string {
  const where = place === 1 ? "You are next" : `You are number ${place.toLocaleString("en")} in line`;
  return estimateSeconds === null ? where : `${where}, about ${durationText(estimateSeconds)} to go`;
}

/** Which documents an answer waits for. */
export function readingText({ names, has_more: hasMore, percents = [] }: StillReading): string {
  const told = names.map((name, i) => `“${name}”${percents[i] ? ` (${percents[i]} %)` : ""}`);
  const isOne = told.length === 1 && !hasMore;
  return `${told.join(", ")}${hasMore ? " and more" : ""} ${isOne ? "is" : "are"} still being read`;
}

/** A time as people say it who don't know exactly. */
function durationText(seconds: number): string {
  if (seconds < 55) {
    const whole = Math.max(1, seconds < 10 ? Math.round(seconds) : Math.round(seconds / 5) * 5);
    return whole === 1 ? "1 second" : `${whole} seconds`;
  }
  const minutes = Math.round(seconds / 60);
  return minutes === 1 ? "1 minute" : `${minutes} minutes`;
}
