/** Show a diagram that is written in Mermaid, with its source within reach. */

import { type ComponentChildren, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../../language/t";
import { theme } from "../../state/theme";
import { draw } from "./diagrams";

/** What is wider than its place shrinks to this part of its size, where its words can still be read, and scrolls. */
const SMALLEST = 0.7;

/** `children` show the source; they alone are shown until the diagram is drawn, or where it can't be. */
export function Diagram({ source, children }: { source: string; children: ComponentChildren }) {
  const [address, setAddress] = useState<string | null>(null);
  const [least, setLeast] = useState(0);
  const isDark = theme.value === "dark";
  useEffect(() => {
    const controller = new AbortController();
    let made: string | null = null;
    draw(controller.signal, source, isDark)
      .then((svg) => {
        if (controller.signal.aborted) return;
        made = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
        setAddress(made);
      })
      .catch(() => setAddress(null)); // the source is there to be read
    return () => {
      controller.abort();
      if (made !== null) URL.revokeObjectURL(made);
    };
  }, [source, isDark]);
  if (address === null) return <>{children}</>;
  return (
    <figure class="diagram">
      <div class="diagram-frame" tabIndex={0} role="group" aria-label={t("Diagram")}>
        {/* As a picture it can run nothing and load nothing. */}
        <img
          src={address}
          alt={t("Diagram. Its source: {source}", { source })}
          style={{ minWidth: `${least}px` }}
          onError={() => setAddress(null)}
          onLoad={({ currentTarget }) => setLeast(Math.floor(currentTarget.naturalWidth * SMALLEST))}
        />
      </div>
      <details>
        <summary>{t("Source of the diagram")}</summary>
        {children}
      </details>
    </figure>
  );
}

/** Draw the diagrams that stand within lists, quotes and details, in place of their sources; `places` are those drawn. */
export function drawNested(root: HTMLElement | null, places: Set<Element>): void {
  const gone = [...places].filter((place) => !place.isConnected);
  forget(gone);
  for (const place of gone) places.delete(place);
  for (const code of root?.querySelectorAll(".code.is-mermaid") ?? []) {
    if (code.parentElement?.classList.contains("diagram-source")) continue;
    const place = document.createElement("div");
    code.replaceWith(place);
    places.add(place);
    render(
      <Diagram source={code.querySelector("code")?.textContent ?? ""}>
        <div class="diagram-source" ref={(element) => element?.replaceChildren(code)} />
      </Diagram>,
      place,
    );
  }
}

/** Let go of the pictures of diagrams that are no longer shown. */
export function forget(places: Iterable<Element>): void {
  for (const place of places) render(null, place);
}
