/** Write moments as people here do. */

import { locale } from "../../language/t";

const form = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

/** A moment from seconds of the epoch. */
export const moment = (seconds: number) => form.format(seconds * 1000);
