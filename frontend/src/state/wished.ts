/** Let others say how questions are asked, besides what was chosen for their chats. */

/** How the next question is asked, besides what was chosen for its chat. */
export interface Wish {
  isTemporary?: boolean;
  effort?: string | null;
  maxTokens?: number | null;
  hasInstructions?: boolean;
}

let wished: () => Wish = () => ({});

/** How a question is asked that is asked now. */
export const wish = (): Wish => wished();

/** Call `say` with each question for how it is to be asked. */
export function onAsk(say: () => Wish): void {
  wished = say;
}
