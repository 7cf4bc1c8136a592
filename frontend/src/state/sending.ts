/** Send a question until the server is reached, a few times. */

import { Problem } from "../api/http";
import * as hubbub from "../api/hubbub";
import type { Asked, Question } from "../api/resources";

const RETRY_MILLISECONDS = [500, 1500, 4000];

/** What the question comes to; it is asked once, however often it is sent. */
export async function sendPatiently(question: Question): Promise<Asked> {
  for (const wait of RETRY_MILLISECONDS) {
    try {
      return await hubbub.ask(new AbortController().signal, question);
    } catch (error) {
      if (!(error instanceof Problem && error.isUnreachable)) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
  return hubbub.ask(new AbortController().signal, question);
}
