/** Say quietly that a quota is nearly used up, and clearly that it is. */

import { useEffect } from "preact/hooks";
import { usageNote, watchUsage } from "../../state/usage";

export function QuotaNote() {
  useEffect(() => {
    const left = new AbortController();
    const stop = watchUsage(left.signal);
    return () => {
      stop();
      left.abort();
    };
  }, []);
  const note = usageNote.value;
  if (note === null) return null;
  return (
    <p class={note.isOver ? "composer-note composer-over" : "composer-note"} role="status">
      {note.text}
    </p>
  );
}
