/** Turn from one version of a message to another. */

import type { Message } from "../../api/resources";
import { turnTo } from "../../state/thread";
import { Icon } from "../icons";

export function Switcher({ message, siblings }: { message: Message; siblings: readonly Message[] }) {
  if (siblings.length < 2) return null;
  const index = siblings.findIndex(({ id }) => id === message.id);
  const before = siblings[index - 1];
  const after = siblings[index + 1];
  return (
    <span class="switcher" role="group" aria-label="Versions">
      <button
        type="button"
        class="icon-button"
        aria-label="Previous version"
        disabled={!before}
        onClick={() => before && turnTo(before)}
      >
        <Icon name="left" size={16} />
      </button>
      <span class="switcher-count">
        {index + 1}/{siblings.length}
      </span>
      <button
        type="button"
        class="icon-button"
        aria-label="Next version"
        disabled={!after}
        onClick={() => after && turnTo(after)}
      >
        <Icon name="right" size={16} />
      </button>
    </span>
  );
}
