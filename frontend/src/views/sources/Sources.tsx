/** Show the document that a citation points to, beside the chat. */

import { useEffect, useRef } from "preact/hooks";
import { fileAddress } from "../../api/hubbub";
import { t } from "../../language/t";
import { isTight } from "../../state/layout";
import { closeSource, isOpenedByKeys, isPageWanted, opened, source, sourceProblem } from "../../state/sources";
import { Icon } from "../icons";
import { PagePicture } from "./PagePicture";
import { Reading } from "./Reading";
import "./sources.css";

export function Sources() {
  const shown = source.value;
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isTight.value || isOpenedByKeys.value) close.current?.focus();
  }, [shown]);
  if (shown === null) return null;
  const document = opened.value?.document;
  const isPdf = document?.media_type === "application/pdf";
  const isPage = isPdf && isPageWanted.value;
  return (
    <section class={`sources ${isTight.value ? "is-sheet" : ""}`} aria-label={t("Sources")}>
      <header class="sources-head">
        <div class="sources-name">
          <h2 class="sources-title" dir="auto">
            {document?.title || shown.title}
          </h2>
          {document && document.title !== "" && document.title !== document.name && (
            <p class="sources-file" dir="auto">
              {document.name}
            </p>
          )}
        </div>
        <a
          class="icon-button"
          href={fileAddress(shown.documentId)}
          download
          aria-label={t("Download the file")}
          title={t("Download the file")}
        >
          <Icon name="download" />
        </a>
        <button
          ref={close}
          type="button"
          class="icon-button"
          aria-label={t("Close")}
          title={t("Close (Esc)")}
          onClick={closeSource}
        >
          <Icon name="close" />
        </button>
      </header>
      {isPdf && (
        <div class="tabs" role="group" aria-label={t("View")}>
          <button
            type="button"
            class="tab"
            aria-pressed={!isPage}
            onClick={() => {
              isPageWanted.value = false;
            }}
          >
            {t("Text")}
          </button>
          <button
            type="button"
            class="tab"
            aria-pressed={isPage}
            onClick={() => {
              isPageWanted.value = true;
            }}
          >
            {t("Page")}
          </button>
        </div>
      )}
      {sourceProblem.value && (
        <p class="sources-note" role="alert">
          {sourceProblem.value}
        </p>
      )}
      {!opened.value && !sourceProblem.value && (
        <p class="sources-note" role="status">
          {t("Opening the document …")}
        </p>
      )}
      {opened.value && !isPage && <Reading opened={opened.value} source={shown} />}
      {opened.value && isPage && <PagePicture document={opened.value.document} source={shown} />}
    </section>
  );
}
