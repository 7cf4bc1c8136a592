/** Keep how much of the page there is room for, and whether the list of chats is out. */

import { signal } from "@preact/signals";

function matching(query: string) {
  const list = matchMedia(query);
  const cell = signal(list.matches);
  list.addEventListener("change", () => {
    cell.value = list.matches;
  });
  return cell;
}

/** No room for the list of chats beside the chat: it comes over it. */
export const isNarrow = matching("(max-width: 52rem)");
/** No room for a source beside the chat: it comes over it. */
export const isTight = matching("(max-width: 76rem)");
export const isDrawerOpen = signal(false);
