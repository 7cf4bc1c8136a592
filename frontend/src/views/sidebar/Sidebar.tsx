/** Show the chats there are and the way to everything else. */

import { useEffect, useRef } from "preact/hooks";
import { chats, search } from "../../state/chats";
import { isDrawerOpen, isNarrow } from "../../state/layout";
import { guide } from "../../state/library";
import { chatPath, libraryPath, navigate, route } from "../../state/route";
import { me } from "../../state/session";
import { switchTheme, theme } from "../../state/theme";
import { newChat, newChatWithGuide } from "../../state/thread";
import { focusOn } from "../focus";
import { Icon, Sign } from "../icons";
import { isComposing } from "../keys";
import { ChatItem } from "./ChatItem";
import { dayLabel } from "./days";
import "./sidebar.css";

const isApple = /Mac|iPhone|iPad/.test(navigator.platform);

const leave = () => {
  isDrawerOpen.value = false;
};

export function Sidebar() {
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isNarrow.value) return undefined;
    first.current?.focus();
    return () =>
      requestAnimationFrame(() => {
        if (document.activeElement === document.body) focusOn("#menu");
      });
  }, []);

  const startChat = () => {
    newChat();
    leave();
    focusOn("#question");
  };
  const openHelp = () => {
    newChatWithGuide();
    leave();
    focusOn("#question");
  };
  const openLibrary = () => {
    navigate(libraryPath(null));
    leave();
  };
  return (
    <nav class="sidebar" aria-label="Chats and documents">
      <div class="sidebar-head">
        <Sign />
        <span class="sidebar-name">Hubbub</span>
        {isNarrow.value && (
          <button type="button" class="icon-button" aria-label="Close the menu" onClick={leave}>
            <Icon name="close" />
          </button>
        )}
      </div>
      <button ref={first} type="button" class="button sidebar-new" onClick={startChat}>
        <Icon name="plus" size={18} /> New chat
      </button>
      <Search startChat={startChat} />
      <div class="sidebar-chats">
        <ChatList />
      </div>
      <div class="sidebar-foot">
        <button
          type="button"
          class="sidebar-link"
          aria-current={route.value.page === "library" ? "page" : undefined}
          onClick={openLibrary}
        >
          <Icon name="book" /> Documents
        </button>
        {guide.value && (
          <button type="button" class="sidebar-link" onClick={openHelp}>
            <Icon name="help" /> Help
          </button>
        )}
        <button type="button" class="sidebar-link" onClick={switchTheme}>
          <Icon name={theme.value === "dark" ? "sun" : "moon"} />
          {theme.value === "dark" ? "Light look" : "Dark look"}
        </button>
        <p class="sidebar-about">
          <span>{me.value ? `${me.value.person.name || "Guest"} · ${me.value.version}` : "\u00a0"}</span>
          <a href="docs/" target="_blank" rel="noopener">
            API
          </a>
        </p>
      </div>
    </nav>
  );
}

function Search({ startChat }: { startChat: () => void }) {
  const press = (event: KeyboardEvent) => {
    if (isComposing(event)) return;
    const list = document.querySelectorAll<HTMLElement>(".chat-open");
    if (event.key === "ArrowDown" && list[0]) {
      event.preventDefault();
      list[0].focus();
    } else if (event.key === "Enter") {
      const found = chats.value?.[0];
      if (found && search.value.trim() !== "") navigate(chatPath(found.id));
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
        placeholder="Search chats"
        aria-label="Search chats"
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

function ChatList() {
  const shown = chats.value;
  if (shown === null) return <p class="sidebar-empty">Loading …</p>;
  if (shown.length === 0) {
    const text = search.value
      ? "No chat has these words in its title. Enter starts a new one."
      : "Your chats will be kept here.";
    return <p class="sidebar-empty">{text}</p>;
  }
  const here = route.value.page === "chat" ? route.value.chatId : null;
  let day = "";
  return (
    <ul aria-label="Chats" class="chat-list" onKeyDown={moveFocus}>
      {shown.map((chat) => {
        const label = dayLabel(chat.updated_at);
        const isFirst = label !== day;
        day = label;
        return (
          <ChatItem key={chat.id} chat={chat} isHere={chat.id === here} label={isFirst ? label : null} left={leave} />
        );
      })}
    </ul>
  );
}

/** The arrows go from chat to chat, and from the first one up to the search. */
function moveFocus(event: KeyboardEvent): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const target = event.target as HTMLElement;
  if (step === 0 || !target.matches(".chat-open")) return;
  event.preventDefault();
  const all = [...document.querySelectorAll<HTMLElement>(".chat-open")];
  const next =
    all[all.indexOf(target) + step] ?? (step < 0 ? document.querySelector<HTMLElement>("#chat-search") : null);
  next?.focus();
}
