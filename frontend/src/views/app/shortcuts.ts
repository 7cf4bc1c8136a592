/** The keys that work everywhere. */

import { useEffect } from "preact/hooks";
import { t } from "../../language/t";
import { answerOf } from "../../state/answers";
import { isDrawerOpen, isNarrow } from "../../state/layout";
import { announce } from "../../state/notices";
import { navigate, searchPath } from "../../state/route";
import { closeSource, isSourceOpen } from "../../state/sources";
import { newChat, openAnswerId, path, stopOpenAnswer } from "../../state/thread";
import { copyText } from "../copy";
import { focusOn } from "../focus";
import { isComposing } from "../keys";
import { areKeysShown } from "./Keys";

export function useShortcuts(): void {
  useEffect(() => {
    const controller = new AbortController();
    addEventListener("keydown", press, { signal: controller.signal });
    return () => controller.abort();
  }, []);
}

const copyLast = async () => {
  const last = path.value.findLast(({ message }) => message.role === "assistant")?.message;
  if (last)
    announce((await copyText(answerOf(last.id).peek().text)) ? t("Copied") : t("The browser did not allow copying"));
};
/** By the key that is pressed together with Control, or Command. */
const acts: Readonly<Record<string, () => void>> = {
  k: () => {
    if (isNarrow.value) isDrawerOpen.value = true;
    focusOn("#chat-search");
  },
  "/": () => {
    areKeysShown.value = true;
  },
  "shift f": () => {
    navigate(searchPath);
    isDrawerOpen.value = false;
    focusOn("#search-words");
  },
  "shift o": () => {
    newChat();
    focusOn("#question");
  },
  "shift ;": copyLast,
  "shift :": copyLast,
};

function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || isComposing(event)) return;
  const isControl = (event.ctrlKey || event.metaKey) && !event.altKey;
  const act = isControl ? acts[`${event.shiftKey ? "shift " : ""}${event.key.toLowerCase()}`] : undefined;
  if (act !== undefined) {
    event.preventDefault();
    act();
  }
  if (event.key === "Escape" && event.shiftKey) focusOn("#question");
  else if (event.key === "Escape" && document.querySelector("dialog[open]") === null) stepBack();
}

/** One step back: from what lies over the page, then from the answer that is being made. */
function stepBack(): void {
  if (isNarrow.value && isDrawerOpen.value) isDrawerOpen.value = false;
  else if (isSourceOpen.value && document.activeElement?.closest(".sources")) closeSource();
  else if (openAnswerId.value !== null) stopOpenAnswer();
  else if (isSourceOpen.value) closeSource();
}
