/** Show one collection: its documents, and how far each has come. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Collection, Document } from "../../api/resources";
import { locale, plural, t } from "../../language/t";
import { chooseCollections, documentsOf, removeCollection, removeDocument, watchDocuments } from "../../state/library";
import { isAbort, tell } from "../../state/notices";
import { libraryPath, navigate } from "../../state/route";
import { me } from "../../state/session";
import { openSource, sourceOfDocument } from "../../state/sources";
import { newChat } from "../../state/thread";
import { documentProgress, isInPart, startUploads } from "../../state/uploads";
import { Confirm } from "../dialog/Dialog";
import { Icon } from "../icons";
import { Meter } from "../uploads/Meter";
import { AddByUrl } from "./AddByUrl";
import { Sharing } from "./Sharing";
import { sizeText } from "./sizes";

export function OneCollection({ collection }: { collection: Collection }) {
  const [isDeleting, setDeleting] = useState(false);
  const [isSharing, setSharing] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const [fetches, setFetches] = useState(0);
  const canWrite = collection.right === "write" || collection.right === "manage";
  const files = useRef<HTMLInputElement>(null);
  const documents = documentsOf(collection.id).value;
  useEffect(() => {
    const controller = new AbortController();
    watchDocuments(controller.signal, collection.id).catch((error: unknown) => {
      if (!isAbort(error)) tell(error);
    });
    return () => controller.abort();
  }, [fetches]);

  const askIt = () => {
    chooseCollections([collection.id]);
    newChat();
  };
  const remove = () => {
    removeCollection(collection);
    navigate(libraryPath(null), { replace: true });
  };
  const add = (input: HTMLInputElement) => {
    startUploads(collection, [...(input.files ?? [])]);
    input.value = "";
  };
  return (
    <section class="one-collection" aria-labelledby="one-collection-name">
      <header class="one-collection-head">
        <div class="one-collection-name">
          <h2 id="one-collection-name" class="one-collection-title" dir="auto">
            {collection.name}
          </h2>
          <p class="one-collection-about">{aboutOf(collection)}</p>
        </div>
        <div class="one-collection-actions">
          {collection.right !== "see" && (
            <button type="button" class="button" onClick={askIt}>
              {t("Ask about it")}
            </button>
          )}
          {collection.is_mine && (
            <button type="button" class="button" onClick={() => setSharing(true)}>
              {t("Share")}
            </button>
          )}
          {canWrite && (
            <>
              <button type="button" class="button is-primary" onClick={() => files.current?.click()}>
                <Icon name="upload" size={18} /> {t("Upload")}
              </button>
              {me.value?.can_add_by_url && (
                <button type="button" class="button" onClick={() => setAsking(true)}>
                  {t("Add by URL")}
                </button>
              )}
              <input ref={files} type="file" multiple hidden onChange={(event) => add(event.currentTarget)} />
            </>
          )}
          {collection.is_mine && (
            <button
              type="button"
              class="icon-button"
              aria-label={t("Delete this collection")}
              title={t("Delete this collection")}
              onClick={() => setDeleting(true)}
            >
              <Icon name="bin" />
            </button>
          )}
        </div>
      </header>
      {documents === null && (
        <p class="one-collection-note" role="status">
          {t("Loading …")}
        </p>
      )}
      {documents?.length === 0 && (
        <p class="one-collection-note">
          {canWrite
            ? t("Nothing in here yet. Drop files anywhere on the page, or press Upload.")
            : t("Nothing in here yet.")}
        </p>
      )}
      {documents && documents.length > 0 && (
        <ul class="one-collection-list" aria-label={t("Documents in {name}", { name: collection.name })}>
          {documents.map((document) => (
            <DocumentRow key={document.id} document={document} canDelete={canWrite} />
          ))}
        </ul>
      )}
      {isAsking && (
        <AddByUrl collection={collection} added={() => setFetches(fetches + 1)} close={() => setAsking(false)} />
      )}
      {isSharing && <Sharing collection={collection} close={() => setSharing(false)} />}
      {isDeleting && (
        <Confirm
          title={t("Delete “{name}”?", { name: collection.name })}
          text={t("Its documents are deleted with it. This can’t be undone.")}
          action={t("Delete")}
          confirm={remove}
          close={() => setDeleting(false)}
        />
      )}
    </section>
  );
}

function DocumentRow({ document, canDelete }: { document: Document; canDelete: boolean }) {
  const [isDeleting, setDeleting] = useState(false);
  const progress = documentProgress(document);
  const title = document.title || document.name;
  const name = `document-${document.id}`;
  return (
    <li class="document">
      <Icon name="file" />
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
      {canDelete && (
        <button
          type="button"
          class="icon-button"
          aria-label={t("Delete")}
          aria-describedby={name}
          title={t("Delete")}
          onClick={() => setDeleting(true)}
        >
          <Icon name="bin" size={18} />
        </button>
      )}
      {isDeleting && (
        <Confirm
          title={t("Delete “{name}”?", { name: title })}
          text={t("It is no longer found then. This can’t be undone.")}
          action={t("Delete")}
          confirm={() => removeDocument(document)}
          close={() => setDeleting(false)}
        />
      )}
    </li>
  );
}

function aboutOf({ description, is_shared, is_mine, passages, embedded }: Collection): string {
  const parts = is_shared ? [t("Shared with everybody")] : is_mine ? [] : [t("Shared with you")];
  if (passages > 0) parts.push(plural(passages, "{count} passage", "{count} passages"));
  if (embedded < passages)
    parts.push(
      t("{number} % can be found by meaning, all by words", { number: Math.floor((100 * embedded) / passages) }),
    );
  return description ? `${description} ${parts.join(" · ")}` : parts.join(" · ");
}

function factsOf({ name, title, size_bytes, pages, passages, added_at, completeness }: Document): string[] {
  const facts = title !== "" && title !== name ? [name] : [];
  facts.push(sizeText(size_bytes));
  if (pages > 0) facts.push(plural(pages, "{count} page", "{count} pages"));
  if (passages > 0) facts.push(plural(passages, "{count} passage", "{count} passages"));
  const { ocr } = completeness;
  if (ocr) facts.push(t("Read by OCR, confidence {confidence} %", { confidence: ocr.confidence }));
  if (added_at > 0) facts.push(new Date(added_at * 1000).toLocaleDateString(locale));
  return facts;
}
