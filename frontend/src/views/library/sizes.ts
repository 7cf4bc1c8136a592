/** Say sizes in words. */

import { t } from "../../language/t";

/** A size with its unit: "12 KB", "3.4 MB". */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return t("{bytes} B", { bytes });
  if (bytes < 1_000_000) return t("{kilobytes} KB", { kilobytes: Math.round(bytes / 1000) });
  return t("{megabytes} MB", { megabytes: Math.round(bytes / 100_000) / 10 });
}
