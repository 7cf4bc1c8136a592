/** Name what is shown; where there is little room, also the way to the chats. */

import { useState } from "preact/hooks";
import type { Chat } from "../../api/resources";
import { t } from "../../language/t";
import { remove } from "../../state/chats";
import { saveAsJson, saveAsMarkdown } from "../../state/export";
import { isDrawerOpen, isNarrow } from "../../state/layout";
import { newChat } from "../../state/thread";
import { Icon } from "../icons";
import { Menu } from "../menu/Menu";
import { ChatInstructions } from "./ChatInstructions";
import { ShareChat } from "./parts";

/** `chat` is the one that is shown, if one is. */
export function TopBar({ title, chat }: { title: string; chat: Chat | null }) {
  const [shared, setShared] = useState<Chat | null>(null);
  const [isInstructing, setInstructing] = useState(false);
  return (
    <header class="topbar">
      {isNarrow.value && (
        <button
          type="button"
          class="icon-button"
          id="menu"
          aria-label={t("Menu")}
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
      {shared && <ShareChat chat={shared} close={() => setShared(null)} />}
      {chat && (
        <Menu
          label={t("This chat")}
          items={[
            { label: t("Share"), icon: "external", run: () => setShared(chat) },
            { label: t("Instructions for this chat"), icon: "pencil", run: () => setInstructing(true) },
            { label: t("Save as Markdown"), icon: "download", run: () => saveAsMarkdown(chat) },
            { label: t("Save as JSON"), icon: "download", run: () => saveAsJson(chat) },
            { label: t("Print"), icon: "file", run: () => print() },
            { label: t("Delete"), icon: "bin", run: () => remove(chat), isDanger: true },
          ]}
        />
      )}
      {chat && isInstructing && <ChatInstructions chat={chat} close={() => setInstructing(false)} />}
      {isNarrow.value && (
        <button type="button" class="icon-button" aria-label={t("New chat")} onClick={newChat}>
          <Icon name="plus" />
        </button>
      )}
    </header>
  );
}
