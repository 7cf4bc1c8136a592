/** Have an answer read aloud by the browser. */

import { useEffect } from "preact/hooks";
import { t } from "../../language/t";
import { canRead, readAloud, reading, stopReading } from "../../state/aloud";
import { Icon } from "../icons";

/** What nobody wants to hear: code, and the numbers of sources. */
const SILENT = ".code, table, button, svg, .katex-html";

export function ReadAloud({ messageId }: { messageId: string }) {
  const isReading = reading.value === messageId;
  useEffect(() => () => (reading.peek() === messageId ? stopReading() : undefined), [messageId]);
  if (!canRead) return null;
  const toggle = () => (isReading ? stopReading() : readAloud(messageId, spokenText(messageId)));
  const label = isReading ? t("Stop reading aloud") : t("Read aloud");
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      title={label}
      aria-pressed={isReading}
      onClick={toggle}
    >
      <Icon name={isReading ? "silent" : "aloud"} size={18} />
    </button>
  );
}

/** The words of an answer as they are shown. */
function spokenText(messageId: string): string {
  const blocks = [...document.querySelectorAll<HTMLElement>(`#message-${CSS.escape(messageId)} .block`)];
  const spoken = blocks.map((block) => {
    const copy = block.cloneNode(true) as HTMLElement;
    for (const one of copy.querySelectorAll(SILENT)) one.remove();
    for (const part of copy.querySelectorAll("p, li, h1, h2, h3, h4, h5, h6")) part.append("\n");
    return copy.textContent ?? "";
  });
  return spoken.join("\n");
}
