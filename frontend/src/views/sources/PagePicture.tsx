/** Show a page of a PDF as it looks, with the quote marked by the server. */

import { useEffect, useState } from "preact/hooks";
import { pageAddress } from "../../api/hubbub";
import type { Document } from "../../api/resources";
import { t } from "../../language/t";
import type { Source } from "../../state/sources";
import { Icon } from "../icons";

const ZOOM_STEP = 0.5;
const MOST_ZOOM = 3;

export function PagePicture({ document, source }: { document: Document; source: Source }) {
  const cited = source.page ?? 1;
  const [page, setPage] = useState(cited);
  const [zoom, setZoom] = useState(1);
  const [state, setState] = useState<"loading" | "shown" | "failed">("loading");
  const last = Math.max(document.pages, cited);
  useEffect(() => setPage(cited), [source]);
  const address = pageAddress(
    document.id,
    page,
    page === cited ? source.passageId : null,
    page === cited ? source.quote : "",
    zoom > 1 ? 3 : 1.6,
  );
  useEffect(() => setState("loading"), [address]);
  return (
    <div class="picture">
      <div class="picture-turn" role="group" aria-label={t("Pages")}>
        <button
          type="button"
          class="icon-button"
          aria-label={t("Previous page")}
          disabled={page <= 1}
          onClick={() => setPage(page - 1)}
        >
          <Icon name="left" />
        </button>
        <span aria-live="polite">{t("Page {page} of {last}", { page, last })}</span>
        <button
          type="button"
          class="icon-button"
          aria-label={t("Next page")}
          disabled={page >= last}
          onClick={() => setPage(page + 1)}
        >
          <Icon name="right" />
        </button>
      </div>
      <div class="picture-turn" role="group" aria-label={t("Size")}>
        <button
          type="button"
          class="icon-button"
          aria-label={t("Smaller")}
          disabled={zoom <= 1}
          onClick={() => setZoom(zoom - ZOOM_STEP)}
        >
          <Icon name="minus" />
        </button>
        <span aria-live="polite">{Math.round(zoom * 100)} %</span>
        <button
          type="button"
          class="icon-button"
          aria-label={t("Larger")}
          disabled={zoom >= MOST_ZOOM}
          onClick={() => setZoom(zoom + ZOOM_STEP)}
        >
          <Icon name="plus" />
        </button>
      </div>
      <div class="picture-frame" tabIndex={0} role="group" aria-label={t("Picture of the page")}>
        {state === "loading" && (
          <p class="sources-note" role="status">
            {t("Drawing the page …")}
          </p>
        )}
        {state === "failed" ? (
          <p class="sources-note" role="alert">
            {t("This page can’t be drawn. Its text is under “Text”.")}
          </p>
        ) : (
          <img
            key={address}
            src={address}
            style={{ width: `${zoom * 100}%`, maxWidth: "none" }}
            alt={t("Page {page} of {title}", { page, title: document.title || document.name })}
            onLoad={() => setState("shown")}
            onError={() => setState("failed")}
          />
        )}
      </div>
    </div>
  );
}
