/** Let others say how questions are asked, besides what was chosen for their chats, and hear that they were. */

import type { Asked } from "../api/resources";

/** How the next question is asked, besides what was chosen for its chat. */
export interface Wish {
  isTemporary?: boolean;
  effort?: string | null;
  maxTokens?: number | null;
  hasInstructions?: boolean;
  /** The assistant that is asked; empty: none. */
  assistant?: string;
  /** Whether the assistant says which model answers, and over which collections. */
  isByAssistant?: boolean;
  /** Whether the person has to name a model all the same: the assistant's is not there for them. */
  needsModel?: boolean;
  isThorough?: boolean;
}

let wished: (questionId: string) => Wish = () => ({});
let heard: (asked: Asked) => void = () => {};

/** How a question is asked that is asked now. */
export const wish = (questionId: string): Wish => wished(questionId);

/** Say that a question was stored. */
export const tellAsked = (asked: Asked): void => heard(asked);

/** Call `say` with each question for how it is to be asked, and `hear` once it was. */
export function onAsk(say: (questionId: string) => Wish, hear: (asked: Asked) => void): void {
  wished = say;
  heard = hear;
}
