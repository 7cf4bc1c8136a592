/** Show one collection: its documents, and how far each has come. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Collection, Document } from "../../api/resources";
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

export function Shelf({ collection }: { collection: Collection }) {
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
    <section class="shelf" aria-labelledby="shelf-name">
      <header class="shelf-head">
        <div class="shelf-name">
          <h2 id="shelf-name" class="shelf-title" dir="auto">
            {collection.name}
          </h2>
          <p class="shelf-about">{aboutOf(collection)}</p>
        </div>
        <div class="shelf-actions">
          {collection.right !== "see" && (
            <button type="button" class="button" onClick={askIt}>
              Ask about it
            </button>
          )}
          {collection.is_mine && (
            <button type="button" class="button" onClick={() => setSharing(true)}>
              Share
            </button>
          )}
          {canWrite && (
            <>
              <button type="button" class="button is-primary" onClick={() => files.current?.click()}>
                <Icon name="upload" size={18} /> Upload
              </button>
              {me.value?.can_add_by_url && (
                <button type="button" class="button" onClick={() => setAsking(true)}>
                  Add by URL
                </button>
              )}
              <input ref={files} type="file" multiple hidden onChange={(event) => add(event.currentTarget)} />
            </>
          )}
          {collection.is_mine && (
            <button
              type="button"
              class="icon-button"
              aria-label="Delete this collection"
              title="Delete this collection"
              onClick={() => setDeleting(true)}
            >
              <Icon name="bin" />
            </button>
          )}
        </div>
      </header>
      {documents === null && (
        <p class="shelf-note" role="status">
          Loading …
        </p>
      )}
      {documents?.length === 0 && (
        <p class="shelf-note">
          {canWrite ? "Nothing in here yet. Drop files anywhere on the page, or press Upload." : "Nothing in here yet."}
        </p>
      )}
      {documents && documents.length > 0 && (
        <ul class="shelf-list" aria-label={`Documents in ${collection.name}`}>
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
          title={`Delete “${collection.name}”?`}
          text="Its documents are deleted with it. This can’t be undone."
          action="Delete"
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
          aria-label="Delete"
          aria-describedby={name}
          title="Delete"
          onClick={() => setDeleting(true)}
        >
          <Icon name="bin" size={18} />
        </button>
      )}
      {isDeleting && (
        <Confirm
          title={`Delete “${title}”?`}
          text="It is no longer found then. This can’t be undone."
          action="Delete"
          confirm={() => removeDocument(document)}
          close={() => setDeleting(false)}
        />
      )}
    </li>
  );
}

function aboutOf({ description, is_shared, is_mine, passages, embedded }: Collection): string {
  const parts = is_shared ? ["Shared with everybody"] : is_mine ? [] : ["Shared with you"];
  if (passages > 0) parts.push(counted(passages, "passage"));
  if (embedded < passages)
    parts.push(`${Math.floor((100 * embedded) / passages)} % can be found by meaning, all by words`);
  return description ? `${description} ${parts.join(" · ")}` : parts.join(" · ");
}

function factsOf({ name, title, size_bytes, pages, passages, added_at }: Document): string[] {
  const facts = title !== "" && title !== name ? [name] : [];
  facts.push(sizeText(size_bytes));
  if (pages > 0) facts.push(counted(pages, "page"));
  if (passages > 0) facts.push(counted(passages, "passage"));
  if (added_at > 0) facts.push(new Date(added_at * 1000).toLocaleDateString());
  return facts;
}

const counted = (count: number, what: string) => `${count.toLocaleString()} ${what}${count === 1 ? "" : "s"}`;
