/** Name the place of a passage as its format does: a page, a slide of a deck, or a sheet of a workbook. */

import { plural, t } from "../../language/t";

const DECK = /\.(?:pptx|pptm|odp|fodp)$/i;
const WORKBOOK = /\.(?:xlsx|xlsm|ods|fods)$/i;

/** Where a passage of the file of this name stands. */
interface Place {
  name: string;
  page: number | null;
  heading: string;
}

export const pageName = (name: string, page: number) =>
  DECK.test(name) ? t("Slide {page}", { page }) : t("Page {page}", { page });

/** In few words: its page, or else the heading next above it; empty where it has neither. */
export function placeOf({ name, page, heading }: Place): string {
  if (page === null) return WORKBOOK.test(name) ? headingName(name, heading) : (heading.split(" › ").at(-1) ?? "");
  return DECK.test(name) ? t("Slide {page}", { page }) : t("p. {page}", { page });
}

/** The headings above it, the outermost of which is a sheet's name in a workbook. */
export const headingName = (name: string, heading: string) =>
  heading && WORKBOOK.test(name) ? t("Sheet {name}", { name: heading }) : heading;

export const pageCount = (name: string, count: number) =>
  DECK.test(name) ? plural(count, "{count} slide", "{count} slides") : plural(count, "{count} page", "{count} pages");
