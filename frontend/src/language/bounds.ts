/** Say in the language of the page how much may be used in what time; the server says it in English. */

import { t } from "./t";

export const MEASURES = ["questions", "tokens", "money"] as const;
export const WINDOWS = ["minute", "hour", "day", "month"] as const;
const FORM = /^(\S+) (questions|tokens|money) per (minute|hour|day|month)$/;

export type Measure = (typeof MEASURES)[number];
export type Window = (typeof WINDOWS)[number];

/** A bound as it is read; one of a form that is not known here stays as it is. */
export function inWords(bound: string): string {
  const found = FORM.exec(bound);
  if (found === null) return bound;
  const [, most = "", measure, window] = found;
  return t("{most} {measure} {window}", {
    most,
    measure: measureName(measure as Measure),
    window: windowName(window as Window),
  });
}

export function measureName(measure: Measure): string {
  if (measure === "questions") return t("questions");
  return measure === "tokens" ? t("tokens") : t("money");
}

export function windowName(window: Window): string {
  if (window === "minute") return t("per minute");
  if (window === "hour") return t("per hour");
  return window === "day" ? t("per day") : t("per month");
}
