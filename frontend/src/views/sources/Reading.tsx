/** Show a document's passages in reading order, the cited one in sight. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../../language/t";
import type { Opened, Source } from "../../state/sources";
import { PassageText } from "./PassageText";
import { headingName, pageName } from "./place";

export function Reading({ opened, source }: { opened: Opened; source: Source }) {
  const root = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const target = root.current?.querySelector("mark") ?? root.current?.querySelector(".is-cited");
    if (target) target.scrollIntoView({ block: "center" });
    else if (root.current) root.current.scrollTop = 0;
  }, [opened, source]);
  const { name } = opened.document;
  let heading = "";
  let page: number | null = null;
  return (
    // Scrolls, so it must be reachable by keyboard.
    <div ref={root} class="reading" tabIndex={0} role="group" aria-label={t("Text of the document")}>
      {opened.passages.length === 0 && <p class="sources-note">{t("There is no text in this document (yet).")}</p>}
      {opened.passages.map((passage) => {
        const newPage = passage.page !== page ? passage.page : null;
        const newHeading = passage.heading !== heading ? passage.heading : "";
        ({ heading, page } = passage);
        const isCited = passage.id === source.passageId;
        return (
          <div key={passage.id} class={`passage ${isCited ? "is-cited" : ""}`}>
            {newPage !== null && <p class="passage-page">{pageName(name, newPage)}</p>}
            {newHeading && (
              <h3 class="passage-heading" dir="auto">
                {headingName(name, newHeading)}
              </h3>
            )}
            <PassageText text={passage.text} quote={isCited ? source.quote : ""} />
          </div>
        );
      })}
    </div>
  );
}
