/** Take files that are dropped anywhere on the page. */

import { useEffect, useState } from "preact/hooks";
import { t } from "../../language/t";
import { attach } from "../../state/attachments";
import { route } from "../../state/route";
import { picked } from "../../state/uploads";
import { Icon } from "../icons";
import "./uploads.css";

const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;

export function DropTarget() {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    let depth = 0; // each element on the way enters and leaves
    const set = (value: number) => {
      depth = Math.max(0, value);
      setOver(depth > 0);
    };
    addEventListener(
      "dragenter",
      (event) => {
        if (hasFiles(event)) set(depth + 1);
      },
      { signal },
    );
    addEventListener(
      "dragleave",
      (event) => {
        if (hasFiles(event)) set(depth - 1);
      },
      { signal },
    );
    addEventListener(
      "dragover",
      (event) => {
        if (hasFiles(event)) event.preventDefault();
      },
      { signal },
    );
    addEventListener(
      "drop",
      (event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        set(0);
        const files = [...(event.dataTransfer?.files ?? [])];
        if (route.peek().page === "chat") attach(files);
        else picked.value = files;
      },
      { signal },
    );
    return () => controller.abort();
  }, []);
  if (!isOver) return null;
  return (
    <div class="drop">
      <p class="drop-text">
        <Icon name="upload" />{" "}
        {route.value.page === "chat" ? t("Drop to attach to the question") : t("Drop to add documents")}
      </p>
    </div>
  );
}
