/** Show the chats there are and the way to everything else. */

import { useEffect, useRef } from "preact/hooks";
import type { Me } from "../../api/resources";
import { t } from "../../language/t";
import { chatOf, chats, hasMoreChats, loadMoreChats, pinned, which } from "../../state/chats";
import { findingProblem, findMore, found, hasMoreFound, isFinding, search } from "../../state/finding";
import { isDrawerOpen, isNarrow } from "../../state/layout";
import { guide } from "../../state/library";
import { announce } from "../../state/notices";
import { libraryPath, navigate, route, searchPath } from "../../state/route";
import { me } from "../../state/session";
import { switchTheme, theme } from "../../state/theme";
import { newChat, newChatWithGuide } from "../../state/thread";
import { focusOn } from "../focus";
import { Icon, Sign } from "../icons";
import { isApple } from "../keys";
import { ChatItem } from "./ChatItem";
import { ChatSearch } from "./ChatSearch";
import { ChatsByDay } from "./ChatsByDay";
import { LanguagePicker } from "./LanguagePicker";
import "./sidebar.css";
import { Selection, Which } from "./Which";
import { WhoIsHere } from "./WhoIsHere";

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
  const openSearch = () => {
    navigate(searchPath);
    leave();
    focusOn("#search-words");
  };
  const openLibrary = () => {
    navigate(libraryPath(null));
    leave();
  };
  return (
    <nav class="sidebar" aria-label={t("Chats and documents")}>
      <div class="sidebar-head">
        <Sign />
        <span class="sidebar-name">Hubbub</span>
        {isNarrow.value && (
          <button type="button" class="icon-button" aria-label={t("Close the menu")} onClick={leave}>
            <Icon name="close" />
          </button>
        )}
      </div>
      <button ref={first} type="button" class="button sidebar-new" onClick={startChat}>
        <Icon name="plus" size={18} /> {t("New chat")}
      </button>
      <ChatSearch startChat={startChat} leave={leave} />
      <Which />
      <Selection />
      <div class="sidebar-chats">
        <ChatList />
      </div>
      <div class="sidebar-foot">
        <button
          type="button"
          class="sidebar-link"
          aria-current={route.value.page === "search" ? "page" : undefined}
          aria-keyshortcuts={isApple ? "Meta+Shift+F" : "Control+Shift+F"}
          onClick={openSearch}
        >
          <Icon name="search" /> {t("Search")}
        </button>
        <button
          type="button"
          class="sidebar-link"
          aria-current={route.value.page === "library" ? "page" : undefined}
          onClick={openLibrary}
        >
          <Icon name="book" /> {t("Documents")}
        </button>
        {guide.value && (
          <button type="button" class="sidebar-link" onClick={openHelp}>
            <Icon name="help" /> {t("Help")}
          </button>
        )}
        <button type="button" class="sidebar-link" onClick={switchTheme}>
          <Icon name={theme.value === "dark" ? "sun" : "moon"} />
          {theme.value === "dark" ? t("Light look") : t("Dark look")}
        </button>
        <LanguagePicker />
        <WhoIsHere leave={leave} />
        <p class="sidebar-about">
          <span>{me.value ? `${nameOf(me.value)} · ${me.value.version}` : "\u00a0"}</span>
          <a href="docs/" target="_blank" rel="noopener">
            API
          </a>
        </p>
      </div>
    </nav>
  );
}

/** Who is here. "You" is what the server calls somebody who has no name, and need not have one. */
const nameOf = ({ person: { name } }: Me) => (name === "You" ? t("You") : name || t("Guest"));

const NO_CHAT = t("No chat has these words. Enter starts a new one.");

function ChatList() {
  const here = route.value.page === "chat" ? route.value.chatId : null;
  const places = found.value;
  const isWithoutHits = places?.length === 0 && !isFinding.value && !findingProblem.value;
  useEffect(() => {
    if (isWithoutHits) announce(NO_CHAT);
  }, [isWithoutHits, search.value]);
  if (places !== null) {
    if (findingProblem.value) return <p class="sidebar-empty">{findingProblem.value}</p>;
    if (places.length === 0) {
      return <p class="sidebar-empty">{isFinding.value ? t("Searching …") : NO_CHAT}</p>;
    }
    return (
      <>
        <ul aria-label={t("Chats found")} class="chat-list" onKeyDown={moveFocus}>
          {places.map((place) => (
            <ChatItem
              key={place.chat.id}
              chat={chatOf(place.chat.id) ?? place.chat}
              isHere={place.chat.id === here}
              label={null}
              place={place}
              left={leave}
            />
          ))}
        </ul>
        {hasMoreFound.value && <More count={places.length} load={findMore} />}
      </>
    );
  }
  const shown = chats.value;
  if (shown === null) return <p class="sidebar-empty">{t("Loading …")}</p>;
  const above = pinned.value;
  if (shown.length + above.length === 0) {
    const isAll = which.value.kept === "usual" && which.value.folder === undefined;
    return <p class="sidebar-empty">{isAll ? t("Your chats will be kept here.") : t("There is no chat here.")}</p>;
  }
  return (
    <>
      {above.length > 0 && (
        <ul aria-label={t("Pinned chats")} class="chat-list" onKeyDown={moveFocus}>
          {above.map((chat, index) => (
            <ChatItem
              key={chat.id}
              chat={chat}
              isHere={chat.id === here}
              label={index === 0 ? t("Pinned") : null}
              place={null}
              left={leave}
            />
          ))}
        </ul>
      )}
      <ChatsByDay chats={shown} here={here} left={leave} press={moveFocus} />
      {hasMoreChats.value && <More count={shown.length} load={loadMoreChats} />}
    </>
  );
}

/** What stands at the end of a list that goes on: it goes on by itself when it comes near. */
function More({ count, load }: { count: number; load: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (button.current === null) return undefined;
    const near = new IntersectionObserver(([entry]) => entry?.isIntersecting && load(), {
      root: button.current.closest(".sidebar-chats"),
      rootMargin: "0px 0px 600px 0px",
    });
    near.observe(button.current);
    return () => near.disconnect();
  }, [count]);
  return (
    <button ref={button} type="button" class="sidebar-more" onClick={load}>
      {t("Show more")}
    </button>
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
