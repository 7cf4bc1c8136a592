/** List chats with the days on which they were used last, however many they are. */

import { useMemo, useRef } from "preact/hooks";
import type { Chat } from "../../api/resources";
import { t } from "../../language/t";
import { ChatItem } from "./ChatItem";
import { dayLabel } from "./days";
import { useWindow } from "./window";

interface Properties {
  chats: readonly Chat[];
  /** The id of the chat that is shown. */
  here: string | null;
  left: () => void;
  press: (event: KeyboardEvent) => void;
}

export function ChatsByDay({ chats, here, left, press }: Properties) {
  const list = useRef<HTMLUListElement>(null);
  const labels = useMemo(() => labelsOf(chats), [chats]);
  const labelled = useMemo(() => [...labels.keys()], [labels]);
  const { from, to, above, below } = useWindow(chats.length, labelled, list);
  return (
    <ul ref={list} aria-label={t("Chats")} class="chat-list" onKeyDown={press}>
      {above > 0 && <Room key="above" pixels={above} />}
      {chats.slice(from, to).map((chat, index) => (
        <ChatItem
          key={chat.id}
          chat={chat}
          isHere={chat.id === here}
          label={labels.get(from + index) ?? null}
          place={null}
          left={left}
        />
      ))}
      {below > 0 && <Room key="below" pixels={below} />}
    </ul>
  );
}

const Room = ({ pixels }: { pixels: number }) => <li aria-hidden="true" style={{ height: `${pixels}px` }} />;

/** By row, the label that stands above it: where the day is another than in the row before. */
function labelsOf(chats: readonly Chat[]): ReadonlyMap<number, string> {
  const labels = new Map<number, string>();
  const now = new Date();
  let day = "";
  chats.forEach(({ updated_at }, row) => {
    const label = dayLabel(updated_at, now);
    if (label !== day) labels.set(row, label);
    day = label;
  });
  return labels;
}
