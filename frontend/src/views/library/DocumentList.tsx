/** Show the documents of a collection page by page: those that fit, in the order that is wished. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Condition, DocumentPage, Listing } from "../../api/listing";
import type { Collection, Document } from "../../api/resources";
import { plural, t } from "../../language/t";
import { PAGE, removeDocuments, watchList } from "../../state/documents";
import { announce, isAbort, tell } from "../../state/notices";
import { uploads } from "../../state/uploads";
import { Confirm } from "../dialog/Dialog";
import { focusIfLost } from "../focus";
import { DocumentRow } from "./DocumentRow";

/** Who types gets what fits once they pause. */
const TYPING_MILLISECONDS = 200;
const ORDERS = {
  name: { order: "name", descending: false },
  newest: { order: "added", descending: true },
  oldest: { order: "added", descending: false },
  largest: { order: "size", descending: true },
} as const;
type Order = keyof typeof ORDERS;

interface Properties {
  collection: Collection;
  canWrite: boolean;
  /** Changes when something was added by other ways than uploads. */
  fetches: number;
}

export function DocumentList({ collection, canWrite, fetches }: Properties) {
  const [words, setWords] = useState("");
  const [condition, setCondition] = useState<Condition | "">("");
  const [order, setOrder] = useState<Order>("name");
  const [page, setPage] = useState<DocumentPage | null>(null);
  const [size, setSize] = useState(PAGE);
  const [changes, setChanges] = useState(0);
  const hasChanged = useRef(false);
  const [picked, setPicked] = useState<ReadonlySet<string> | null>(null);
  const listing: Listing = { words, condition, ...ORDERS[order] };
  const sent = uploads.value.filter((one) => one.collectionId === collection.id && one.documentId !== null).length;
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const watch = () =>
      watchList(signal, collection.id, listing, size, setPage).catch((error: unknown) => {
        if (!isAbort(error)) tell(error);
      });
    const timer = setTimeout(watch, page === null || words === "" ? 0 : TYPING_MILLISECONDS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [fetches, sent, changes, words, condition, order, size]);

  useEffect(() => {
    if (hasChanged.current) focusIfLost("#one-collection-name"); // the row of what was deleted is gone
    hasChanged.current = false;
  }, [page]);

  const isWithoutHits = page !== null && page.documents.length === 0 && (words !== "" || condition !== "");
  useEffect(() => {
    if (isWithoutHits) announce(t("No document fits."));
  }, [isWithoutHits, words, condition]);

  if (page === null)
    return (
      <p class="one-collection-note" role="status">
        {t("Loading …")}
      </p>
    );
  const { documents, next, counts } = page;
  const all = counts.unfinished + counts.ready + counts.failed;
  if (all === 0)
    return (
      <p class="one-collection-note">
        {canWrite
          ? t("Nothing in here yet. Drop files anywhere on the page, or press Upload.")
          : t("Nothing in here yet.")}
      </p>
    );
  const changed = () => {
    hasChanged.current = true;
    setChanges(changes + 1);
  };
  const pick = (id: string) => {
    const after = new Set(picked);
    if (!after.delete(id)) after.add(id);
    setPicked(after);
  };
  return (
    <>
      <div class="document-tools">
        <input
          type="search"
          class="field document-words"
          aria-label={t("Filter by name")}
          placeholder={t("Filter by name")}
          value={words}
          onInput={(event) => setWords(event.currentTarget.value)}
        />
        <select
          class="field"
          aria-label={t("Which documents")}
          value={condition}
          onChange={(event) => setCondition(event.currentTarget.value as Condition | "")}
        >
          <option value="">{t("All ({count})", { count: all })}</option>
          <option value="unfinished">{t("Not read yet ({count})", { count: counts.unfinished })}</option>
          <option value="ready">{t("Ready ({count})", { count: counts.ready })}</option>
          <option value="partial">{t("Something left out ({count})", { count: counts.partial })}</option>
          <option value="failed">{t("Could not be read ({count})", { count: counts.failed })}</option>
        </select>
        <select
          class="field"
          aria-label={t("Order")}
          value={order}
          onChange={(event) => setOrder(event.currentTarget.value as Order)}
        >
          <option value="name">{t("By name")}</option>
          <option value="newest">{t("Newest first")}</option>
          <option value="oldest">{t("Oldest first")}</option>
          <option value="largest">{t("Largest first")}</option>
        </select>
        {canWrite && picked === null && (
          <button type="button" class="button" onClick={() => setPicked(new Set())}>
            {t("Select")}
          </button>
        )}
      </div>
      {picked !== null && (
        <Picked
          picked={picked}
          documents={documents}
          setPicked={setPicked}
          changed={() => {
            setPicked(null);
            changed();
          }}
        />
      )}
      {documents.length === 0 && <p class="one-collection-note">{t("No document fits.")}</p>}
      {documents.length > 0 && (
        <ul class="one-collection-list" aria-label={t("Documents in {name}", { name: collection.name })}>
          {documents.map((document) => (
            <DocumentRow
              key={document.id}
              document={document}
              canWrite={canWrite}
              canShare={collection.is_mine}
              isPicked={picked?.has(document.id) ?? null}
              pick={() => pick(document.id)}
              changed={changed}
            />
          ))}
        </ul>
      )}
      {next !== null && (
        <button type="button" class="button document-more" onClick={() => setSize(size + PAGE)}>
          {t("Show more")}
        </button>
      )}
    </>
  );
}

interface PickedProperties {
  picked: ReadonlySet<string>;
  documents: readonly Document[];
  setPicked: (picked: ReadonlySet<string> | null) => void;
  changed: () => void;
}

/** What can be done with the documents that are picked. */
function Picked({ picked, documents, setPicked, changed }: PickedProperties) {
  const [isDeleting, setDeleting] = useState(false);
  const these = documents.filter(({ id }) => picked.has(id));
  const isAll = these.length === documents.length && these.length > 0;
  const count = these.length;
  return (
    <div class="document-tools" role="toolbar" aria-label={t("Selected documents")}>
      <p class="document-count" role="status">
        {plural(count, "{count} document selected", "{count} documents selected")}
      </p>
      <button
        type="button"
        class="button"
        onClick={() => setPicked(new Set(isAll ? [] : documents.map(({ id }) => id)))}
      >
        {isAll ? t("None") : t("All")}
      </button>
      <button type="button" class="button is-danger" disabled={count === 0} onClick={() => setDeleting(true)}>
        {t("Delete")}
      </button>
      <button type="button" class="button" onClick={() => setPicked(null)}>
        {t("Cancel")}
      </button>
      {isDeleting && (
        <Confirm
          title={plural(count, "Delete {count} document?", "Delete {count} documents?")}
          text={t("They are no longer found then. This can’t be undone.")}
          action={t("Delete")}
          confirm={() => removeDocuments(these).then(changed)}
          close={() => setDeleting(false)}
        />
      )}
    </div>
  );
}
