/** Name what is shown; where there is little room, also the way to the chats. */

import { isDrawerOpen, isNarrow } from "../../state/layout";
import { newChat } from "../../state/thread";
import { Icon } from "../icons";

export function TopBar({ title }: { title: string }) {
  return (
    <header class="topbar">
      {isNarrow.value && (
        <button
          type="button"
          class="icon-button"
          id="menu"
          aria-label="Menu"
          aria-expanded={isDrawerOpen.value}
          onClick={() => {
            isDrawerOpen.value = true;
          }}
        >
          <Icon name="menu" />
        </button>
      )}
      <h1 class="topbar-title" dir="auto">
        {title}
      </h1>
      {isNarrow.value && (
        <button type="button" class="icon-button" aria-label="New chat" onClick={newChat}>
          <Icon name="plus" />
        </button>
      )}
    </header>
  );
}
