/** Say what one thinks of an answer. */

import * as hubbub from "../api/hubbub";
import type { Message, Rating } from "../api/resources";
import { t } from "../language/t";
import { announce, tell } from "./notices";
import { changeMessage } from "./threads";

const never = new AbortController().signal;

/** Rate an answer; null takes the rating back. */
export async function rate(message: Message, rating: Rating | null): Promise<void> {
  const before = message.rating ?? null;
  changeMessage(message, { rating });
  try {
    if (rating === null) await hubbub.unrate(never, message.id);
    else changeMessage(message, { rating: await hubbub.rate(never, message.id, rating) });
    announce(rating === null ? t("Rating taken back") : t("Thank you. Rated."));
  } catch (error) {
    changeMessage(message, { rating: before });
    tell(error);
  }
}
