/** Show one document of a list: what it is, how far it has come, and what can be done with it. */

import { useState } from "preact/hooks";
import type { Document } from "../../api/resources";
import { locale, plural, t } from "../../language/t";
import { removeDocuments, renameDocument } from "../../state/documents";
import { openSource, sourceOfDocument } from "../../state/sources";
import { documentProgress, isInPart } from "../../state/uploads";
import { Confirm } from "../dialog/Dialog";
import { NameDialog } from "../dialog/NameDialog";
import { Icon } from "../icons";
import { pageCount } from "../sources/place";
import { Meter } from "../uploads/Meter";
import { Restricting } from "./Restricting";
import { sizeText } from "./sizes";

interface Properties {
  document: Document;
  canWrite: boolean;
  /** Whether who sees it may say who else does. */
  canShare: boolean;
  /** Whether it is picked, where some are picked; null where none are. */
  isPicked: boolean | null;
  pick: () => void;
  /** It was changed, or is gone. */
  changed: () => void;
}

export function DocumentRow({ document, canWrite, canShare, isPicked, pick, changed }: Properties) {
  const [isDeleting, setDeleting] = useState(false);
  const [isNaming, setNaming] = useState(false);
  const [isSharing, setSharing] = useState(false);
  const progress = documentProgress(document);
  const title = document.title || document.name;
  const name = `document-${document.id}`;
  const isRead = document.state === "ready" || document.state === "embedding";
  const rename = async (wanted: string) => {
    const isDone = await renameDocument(document, wanted);
    if (isDone) changed();
    return isDone;
  };
  const act = (label: string, icon: "pencil" | "bin" | "people", run: () => void) => (
    <button type="button" class="icon-button" aria-label={label} aria-describedby={name} title={label} onClick={run}>
      <Icon name={icon} size={18} />
    </button>
  );
  return (
    <li class="document">
      {isPicked === null ? (
        <Icon name="file" />
      ) : (
        <input
          type="checkbox"
          class="document-pick"
          aria-label={t("Select {title}", { title })}
          checked={isPicked}
          onChange={pick}
        />
      )}
      <div class="document-body">
        <button
          id={name}
          type="button"
          class="document-title"
          dir="auto"
          onClick={() => openSource(sourceOfDocument(document))}
        >
          {title}
        </button>
        <p class="document-about">{factsOf(document).join(" · ")}</p>
        {(document.state !== "ready" || isInPart(document)) && <Meter progress={progress} label={title} />}
      </div>
      {canWrite && isPicked === null && (
        <>
          {canShare && act(t("Who may see it"), "people", () => setSharing(true))}
          {isRead && act(t("Rename"), "pencil", () => setNaming(true))}
          {act(t("Delete"), "bin", () => setDeleting(true))}
        </>
      )}
      {isDeleting && (
        <Confirm
          title={t("Delete “{name}”?", { name: title })}
          text={t("It is no longer found then. This can’t be undone.")}
          action={t("Delete")}
          confirm={() => removeDocuments([document]).then(changed)}
          close={() => setDeleting(false)}
        />
      )}
      {isSharing && <Restricting document={document} changed={changed} close={() => setSharing(false)} />}
      {isNaming && (
        <NameDialog
          title={t("Rename the document")}
          label={t("Name of the file")}
          before={document.name}
          action={t("Rename")}
          mostCharacters={400}
          put={rename}
          close={() => setNaming(false)}
        />
      )}
    </li>
  );
}

function factsOf(document: Document): string[] {
  const { name, title, size_bytes, pages, passages, added_at, completeness } = document;
  const facts = title !== "" && title !== name ? [name] : [];
  if (document.is_restricted) facts.push(t("Not for all who may see the collection"));
  facts.push(sizeText(size_bytes));
  if (pages > 0) facts.push(pageCount(name, pages));
  if (passages > 0) facts.push(plural(passages, "{count} passage", "{count} passages"));
  const { ocr } = completeness;
  if (ocr) facts.push(t("Read by OCR, confidence {confidence} %", { confidence: ocr.confidence }));
  if (added_at > 0) facts.push(new Date(added_at * 1000).toLocaleDateString(locale));
  return facts;
}
