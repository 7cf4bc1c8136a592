/** The keys that work everywhere. */

import { useEffect } from "preact/hooks";
import { isDrawerOpen, isNarrow } from "../../state/layout";
import { closeSource, isSourceOpen } from "../../state/sources";
import { openAnswerId, stopOpenAnswer } from "../../state/thread";
import { focusOn } from "../focus";
import { isComposing } from "../keys";

export function useShortcuts(): void {
  useEffect(() => {
    const controller = new AbortController();
    addEventListener("keydown", press, { signal: controller.signal });
    return () => controller.abort();
  }, []);
}

function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || isComposing(event)) return;
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
    event.preventDefault();
    if (isNarrow.value) isDrawerOpen.value = true;
    focusOn("#chat-search");
  }
  if (event.key === "Escape" && document.querySelector("dialog[open]") === null) stepBack();
}

/** One step back: from what lies over the page, then from the answer that is being made. */
function stepBack(): void {
  if (isNarrow.value && isDrawerOpen.value) isDrawerOpen.value = false;
  else if (isSourceOpen.value && document.activeElement?.closest(".sources")) closeSource();
  else if (openAnswerId.value !== null) stopOpenAnswer();
  else if (isSourceOpen.value) closeSource();
}
