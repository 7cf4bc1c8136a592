/** Show one chat of the list; it can be opened, renamed and deleted. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Chat } from "../../api/resources";
import { remove, rename } from "../../state/chats";
import { chatPath, navigate } from "../../state/route";
import { Icon } from "../icons";
import { isComposing } from "../keys";

interface Properties {
  chat: Chat;
  isHere: boolean;
  /** The group that begins with this chat. */
  label: string | null;
  left: () => void;
}

export function ChatItem({ chat, isHere, label, left }: Properties) {
  const [isNaming, setNaming] = useState(false);
  const name = `chat-${chat.id}`;
  const endNaming = () => {
    setNaming(false);
    requestAnimationFrame(() => document.getElementById(name)?.focus());
  };
  const open = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab is the browser's business
    event.preventDefault();
    navigate(chatPath(chat.id));
    left();
  };
  return (
    <li>
      {label && <span class="chat-day">{label}</span>}
      {isNaming ? (
        <Naming chat={chat} over={endNaming} />
      ) : (
        <div class={`chat-item ${isHere ? "is-here" : ""}`}>
          <a
            id={name}
            class="chat-open"
            href={chatPath(chat.id)}
            aria-current={isHere ? "page" : undefined}
            dir="auto"
            onClick={open}
          >
            {chat.title || "Untitled"}
          </a>
          <span class="chat-actions">
            <button
              type="button"
              class="icon-button"
              aria-label="Rename"
              aria-describedby={name}
              title="Rename"
              onClick={() => setNaming(true)}
            >
              <Icon name="pencil" size={16} />
            </button>
            <button
              type="button"
              class="icon-button"
              aria-label="Delete"
              aria-describedby={name}
              title="Delete"
              onClick={() => remove(chat)}
            >
              <Icon name="bin" size={16} />
            </button>
          </span>
        </div>
      )}
    </li>
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
      aria-label="Title of the chat"
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
