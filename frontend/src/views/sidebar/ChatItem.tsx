/** Show one chat of the list; it can be opened, renamed, pinned, moved, archived and deleted. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Chat, FoundChat } from "../../api/resources";
import { t } from "../../language/t";
import { keep, remove, rename, selected } from "../../state/chats";
import { chatPath, navigate } from "../../state/route";
import { openAt } from "../../state/thread";
import { ShareChat } from "../app/parts";
import { isComposing } from "../keys";
import { Marked } from "../Marked";
import { Menu } from "../menu/Menu";
import { FolderDialog } from "./FolderDialog";

interface Properties {
  chat: Chat;
  isHere: boolean;
  /** The group that begins with this chat. */
  label: string | null;
  /** Where in the chat the words stand that were looked for. */
  place: FoundChat | null;
  left: () => void;
}

export function ChatItem({ chat, isHere, label, place, left }: Properties) {
  const [isNaming, setNaming] = useState(false);
  const [isSharing, setSharing] = useState(false);
  const [isMoving, setMoving] = useState(false);
  const picked = selected.value;
  const title = chat.title || t("Untitled");
  const name = `chat-${chat.id}`;
  const row = useRef<HTMLLIElement>(null);
  useLayoutEffect(() => () => passFocusOn(row.current), []);
  const endNaming = () => {
    setNaming(false);
    requestAnimationFrame(() => document.getElementById(name)?.focus());
  };
  const open = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab is the browser's business
    event.preventDefault();
    if (place?.message_id) openAt(chat.id, place.message_id);
    else navigate(chatPath(chat.id));
    left();
  };
  return (
    <li ref={row}>
      {label && <span class="chat-day">{label}</span>}
      {isSharing && <ShareChat chat={chat} close={() => setSharing(false)} />}
      {isNaming ? (
        <Naming chat={chat} over={endNaming} />
      ) : (
        <div class={`chat-item ${isHere ? "is-here" : ""}`}>
          {picked && (
            <input
              type="checkbox"
              class="chat-pick"
              aria-label={t("Select {title}", { title })}
              checked={picked.has(chat.id)}
              onChange={() => pick(chat.id)}
            />
          )}
          <a
            id={name}
            class="chat-open"
            href={chatPath(chat.id)}
            aria-current={isHere ? "page" : undefined}
            dir="auto"
            onClick={open}
          >
            <span class="chat-title">{title}</span>
            {place?.message_id && <Excerpt place={place} />}
          </a>
          <Menu
            label={t("Actions")}
            describedBy={name}
            items={[
              { label: t("Share"), icon: "external", run: () => setSharing(true) },
              { label: t("Rename"), icon: "pencil", run: () => setNaming(true) },
              {
                label: chat.is_pinned ? t("Unpin") : t("Pin"),
                icon: "pin",
                run: () =>
                  keep(
                    [chat],
                    { is_pinned: !chat.is_pinned },
                    chat.is_pinned ? t("Unpinned “{title}”.", { title }) : t("Pinned “{title}”.", { title }),
                  ),
              },
              { label: t("Folder …"), icon: "folder", run: () => setMoving(true) },
              {
                label: chat.is_archived ? t("Take out of the archive") : t("Archive"),
                icon: "archive",
                run: () =>
                  keep(
                    [chat],
                    { is_archived: !chat.is_archived },
                    chat.is_archived ? t("Took back “{title}”.", { title }) : t("Archived “{title}”.", { title }),
                  ),
              },
              { label: t("Delete"), icon: "bin", run: () => remove(chat), isDanger: true },
            ]}
          />
        </div>
      )}
      {isMoving && (
        <FolderDialog
          title={t("Put the chat into a folder")}
          before={chat.folder}
          action={t("Move")}
          put={(folder) =>
            keep(
              [chat],
              { folder },
              folder === "" ? t("Taken out of the folder.") : t("Moved to {folder}.", { folder }),
            )
          }
          close={() => setMoving(false)}
        />
      )}
    </li>
  );
}

/** Let the chat beside this row have the focus that would be lost with it. */
function passFocusOn(row: HTMLElement | null): void {
  if (!row?.contains(document.activeElement)) return;
  const beside = row.nextElementSibling ?? row.previousElementSibling;
  const next = beside?.querySelector<HTMLElement>(".chat-open");
  requestAnimationFrame(() => {
    if (document.activeElement !== document.body) return;
    const heir = next?.isConnected ? next : document.querySelector<HTMLElement>("#chat-search");
    heir?.focus({ preventScroll: true });
  });
}

function pick(id: string): void {
  const next = new Set(selected.peek());
  if (!next.delete(id)) next.add(id);
  selected.value = next;
}

function Excerpt({ place: { text, marks, role } }: { place: FoundChat }) {
  return (
    <span class="chat-excerpt" dir="auto">
      {role === "user" && <span class="visually-hidden">{t("You asked:")} </span>}
      <Marked text={text} marks={marks} />
    </span>
  );
}

function Naming({ chat, over }: { chat: Chat; over: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  const isOver = useRef(false);
  useLayoutEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  const end = (isKept: boolean) => {
    if (isOver.current) return; // leaving the field is also how it ends after a key
    isOver.current = true;
    if (isKept) rename(chat, field.current?.value ?? "");
    over();
  };
  return (
    <input
      ref={field}
      class="field chat-naming"
      aria-label={t("Title of the chat")}
      maxLength={200}
      defaultValue={chat.title}
      onBlur={() => end(true)}
      onKeyDown={(event) => {
        if (isComposing(event) || (event.key !== "Enter" && event.key !== "Escape")) return;
        event.preventDefault();
        end(event.key === "Enter");
      }}
    />
  );
}
