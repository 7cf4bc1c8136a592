/** Take the words that chats are found by. */

import { t } from "../../language/t";
import { found, search } from "../../state/finding";
import { chatPath, navigate } from "../../state/route";
import { openAt } from "../../state/thread";
import { Icon } from "../icons";
import { isApple, isComposing } from "../keys";

export function ChatSearch({ startChat, leave }: { startChat: () => void; leave: () => void }) {
  const press = (event: KeyboardEvent) => {
    if (isComposing(event)) return;
    const list = document.querySelectorAll<HTMLElement>(".chat-open");
    if (event.key === "ArrowDown" && list[0]) {
      event.preventDefault();
      list[0].focus();
    } else if (event.key === "Enter") {
      const first = found.value?.[0];
      if (first?.message_id) openAt(first.chat.id, first.message_id);
      else if (first) navigate(chatPath(first.chat.id));
      else startChat();
      search.value = "";
      leave();
    } else if (event.key === "Escape" && search.value !== "") {
      event.preventDefault();
      search.value = "";
    }
  };
  return (
    <div class="sidebar-search">
      <Icon name="search" size={18} />
      <input
        id="chat-search"
        type="search"
        class="field"
        placeholder={t("Search chats")}
        aria-label={t("Search chats")}
        aria-keyshortcuts={isApple ? "Meta+K" : "Control+K"}
        autocomplete="off"
        value={search.value}
        onInput={(event) => {
          search.value = event.currentTarget.value;
        }}
        onKeyDown={press}
      />
      {search.value === "" && (
        <span class="sidebar-keys" aria-hidden="true">
          {isApple ? "⌘ K" : "Ctrl K"}
        </span>
      )}
    </div>
  );
}
