/** Write moments as people here do. */

const form = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** A moment from seconds of the epoch. */
export const moment = (seconds: number) => form.format(seconds * 1000);
