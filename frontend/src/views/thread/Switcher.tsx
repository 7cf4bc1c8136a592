/** Turn from one version of a message to another; what is turned stays where it is. */

import { useLayoutEffect, useRef } from "preact/hooks";
import type { Message } from "../../api/resources";
import { t } from "../../language/t";
import { turnTo } from "../../state/thread";
import { Icon } from "../icons";
import { HOLD } from "./scroll";

/** Where the switch was that was just used; the other version's takes its place, and the focus. */
let used: { parentId: string | null; top: number; direction: "before" | "after" } | null = null;

export function Switcher({ message, siblings }: { message: Message; siblings: readonly Message[] }) {
  const root = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const scroller = root.current?.closest(".thread");
    if (used === null || !root.current || !scroller || used.parentId !== message.parent_id) return;
    const { top, direction } = used;
    used = null;
    scroller.scrollTop += root.current.getBoundingClientRect().top - top;
    const [previous, next] = root.current.querySelectorAll("button");
    const [first, second] = direction === "before" ? [previous, next] : [next, previous];
    (first?.disabled ? second : first)?.focus({ preventScroll: true });
  }, [message.id]);

  if (siblings.length < 2) return null;
  const index = siblings.findIndex(({ id }) => id === message.id);
  const before = siblings[index - 1];
  const after = siblings[index + 1];
  const turn = (to: Message | undefined, direction: "before" | "after") => {
    if (!to || !root.current) return;
    used = { parentId: message.parent_id, top: root.current.getBoundingClientRect().top, direction };
    root.current.closest(".thread")?.dispatchEvent(new Event(HOLD));
    turnTo(to);
  };
  return (
    <span ref={root} class="switcher" role="group" aria-label={t("Versions")}>
      <button
        type="button"
        class="icon-button"
        aria-label={t("Previous version")}
        disabled={!before}
        onClick={() => turn(before, "before")}
      >
        <Icon name="left" size={16} />
      </button>
      <span class="switcher-count">
        {index + 1}/{siblings.length}
      </span>
      <button
        type="button"
        class="icon-button"
        aria-label={t("Next version")}
        disabled={!after}
        onClick={() => turn(after, "after")}
      >
        <Icon name="right" size={16} />
      </button>
    </span>
  );
}
