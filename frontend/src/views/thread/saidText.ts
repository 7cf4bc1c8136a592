/** What an answer says, with the sentences that are the server's own in the language of the page. */

import type { Answer } from "../../events";
import { language, t } from "../../language/t";

const CLOSEST = "I did not find a sure answer to this in these documents. This is the closest that I found:";

export function saidText({ text, finish_reason: reason }: Answer): string {
  if (language === "en") return text;
  if (reason === "nothing_found") return t("I did not find an answer to this in these documents.");
  if (reason === "closest" && text.startsWith(CLOSEST))
    return (
      t("I did not find a sure answer to this in these documents. This is the closest that I found:") +
      text.slice(CLOSEST.length)
    );
  return text;
}
