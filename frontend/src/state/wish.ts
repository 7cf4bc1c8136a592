/** Keep how questions are asked: how hard the model thinks, how long answers get, and whether a chat is kept at all. */

import { effect, signal } from "@preact/signals";
import * as hubbub from "../api/hubbub";
import { t } from "../language/t";
import { assistant, assistantId } from "./assistants";
import { answerBeside, wantBeside } from "./beside";
import { NEW_DRAFT, setDraftAt, storeAgain, storeOnly } from "./drafts";
import { model } from "./models";
import { instructions } from "./prompts";
import { route } from "./route";
import { recall, remember } from "./storage";
import { isThorough } from "./thorough";
import { isTemporaryHere, thread } from "./thread";
import { threadOf } from "./threads";
import { onAsk } from "./wished";

export const EFFORTS = ["low", "medium", "high"] as const;
/** How long an answer may get, in tokens; null: as long as the model makes it. */
export const LENGTHS: readonly (readonly [string, number | null])[] = [
  [t("As it comes"), null],
  [t("Short"), 300],
  [t("Medium"), 1000],
  [t("Long"), 4000],
];

/** Null: as the model is set. */
export const effort = signal<string | null>(recall<string>("effort"));
export const maxTokens = signal<number | null>(recall<number>("length"));
/** Whether the next new chat leaves nothing behind. */
export const isTemporaryNext = signal(false);

export function chooseEffort(chosen: string | null): void {
  effort.value = chosen;
  remember("effort", chosen);
}

export function chooseLength(chosen: number | null): void {
  maxTokens.value = chosen;
  remember("length", chosen);
}

/** Say with each question how it is asked, and delete a temporary chat when it is left. Runs as long as the page does. */
export function runWish(): void {
  onAsk((questionId) => {
    wantBeside(questionId, maxTokens.value);
    const by = assistant.value;
    return {
      isTemporary: isTemporaryNext.value,
      effort: model.value?.reasoning_effort && !by?.reasoning_effort ? effort.value : null,
      maxTokens: by?.max_tokens ? null : maxTokens.value,
      assistant: assistantId.value ?? "",
      isByAssistant: assistantId.value !== null,
      needsModel: by?.lacks_model ?? false,
      hasInstructions: instructions.value !== "",
      isThorough: isThorough.value,
    };
  }, answerBeside);
  let here: string | null = null;
  const leave = () => {
    if (here === null) return;
    hubbub.deleteChat(new AbortController().signal, here).catch(() => {}); // else the server does
    setDraftAt(here, "");
    here = null;
  };
  const isTemporary = (draft: string) =>
    draft === NEW_DRAFT ? isTemporaryNext.peek() : (threadOf(draft).peek().chat?.is_temporary ?? false);
  storeOnly((draft) => !isTemporary(draft));
  effect(() => {
    isTemporaryNext.value;
    isTemporaryHere.value;
    storeAgain();
  });
  addEventListener("pagehide", ({ persisted }) => persisted || leave());
  effect(() => {
    const shown = route.value.page === "chat" ? route.value.chatId : null;
    if (here !== null && here !== shown) leave();
    if (shown !== null && isTemporaryHere.value && thread.value.chat?.id === shown) {
      here = shown;
      isTemporaryNext.value = false;
    }
  });
}
