/** Lay out the page: chats, the chat or the library, a source beside it, and what is over all of them. */

import { useEffect } from "preact/hooks";
import type { Chat as ChatRecord } from "../../api/resources";
import { t } from "../../language/t";
import { endedUnseen } from "../../state/answers";
import { chatOf } from "../../state/chats";
import { offered } from "../../state/guest";
import { isDrawerOpen, isNarrow, isTight } from "../../state/layout";
import { isClosed, type Reserved } from "../../state/reserved";
import { route } from "../../state/route";
import { isSourceOpen } from "../../state/sources";
import { thread } from "../../state/thread";
import { picked } from "../../state/uploads";
import { LazyAssistants } from "../assistants/LazyAssistants";
import { Banner } from "../notices/Banner";
import { Notices } from "../notices/Notices";
import { LazySearch } from "../search/LazySearch";
import { Sidebar } from "../sidebar/Sidebar";
import { Chat } from "../thread/Chat";
import { DropTarget } from "../uploads/DropTarget";
import { Uploads } from "../uploads/Uploads";
import { LazyWords } from "../words/LazyWords";
import "./app.css";
import { Keys } from "./Keys";
import { Nowhere } from "./Nowhere";
import { Account, ApiKeys, Closed, Library, Operators, People, Sources, TakeAlong, UploadDialog } from "./parts";
import { useShortcuts } from "./shortcuts";
import { TopBar } from "./TopBar";

const titleOf = (chat: ChatRecord | null) => (chat ? (chatOf(chat.id) ?? chat).title : t("New chat"));

const TITLES: Record<string, string> = {
  library: t("Documents"),
  account: t("Your account"),
  keys: t("API keys"),
  people: t("People"),
  operate: t("Operators"),
  search: t("Search"),
  nowhere: t("There is no such page"),
};

const isReserved = (page: string): page is Reserved => ["account", "keys", "people", "operate"].includes(page);

function ReservedPage({ page }: { page: Reserved }) {
  const isShut = isClosed(page);
  if (isShut === null) return <div class="account" aria-busy="true" />;
  if (isShut) return <Closed page={page} />;
  if (page === "account") return <Account />;
  if (page === "keys") return <ApiKeys />;
  if (page === "people") return <People />;
  return <Operators section={route.value.page === "operate" ? route.value.section : ""} />;
}

export function App() {
  useShortcuts();
  const { page } = route.value;
  const title = TITLES[page] ?? titleOf(thread.value.chat);
  useEffect(() => {
    document.title = `${endedUnseen.value > 0 ? "● " : ""}${title} · Hubbub`;
  }, [title, endedUnseen.value]);

  const isDrawer = isNarrow.value && isDrawerOpen.value;
  const isSheet = isTight.value && isSourceOpen.value;
  return (
    <div class="app">
      <a class="skip" href="#main">
        {t("Skip to the content")}
      </a>
      {(!isNarrow.value || isDrawer) && (
        <div class={isDrawer ? "drawer" : "aside"} inert={isSheet}>
          <Sidebar />
        </div>
      )}
      {isDrawer && (
        <div
          class="veil"
          onClick={() => {
            isDrawerOpen.value = false;
          }}
        />
      )}
      <div class="page" inert={isDrawer || isSheet}>
        <TopBar title={title} chat={page === "chat" ? thread.value.chat : null} />
        <Banner />
        <main id="main" class="main" tabIndex={-1}>
          {page === "library" && <Library />}
          {page === "search" && <LazySearch />}
          {isReserved(page) && <ReservedPage page={page} />}
          {page === "chat" && <Chat />}
          {page === "nowhere" && <Nowhere />}
        </main>
        {page !== "chat" && <Uploads isBelow />}
      </div>
      {isSheet && <div class="veil" />}
      {isSourceOpen.value && <Sources />}
      {page === "chat" && <Uploads />}
      {picked.value.length > 0 && <UploadDialog />}
      {offered.value !== null && <TakeAlong />}
      <Notices />
      <Keys />
      <LazyWords />
      <LazyAssistants />
      <DropTarget />
    </div>
  );
}
