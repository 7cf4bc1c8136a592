/** Show one collection, and what can be done with it. */

import { useRef, useState } from "preact/hooks";
import type { Collection } from "../../api/resources";
import { plural, t } from "../../language/t";
import { chooseCollections, removeCollection, renameCollection } from "../../state/library";
import { libraryPath, navigate } from "../../state/route";
import { me } from "../../state/session";
import { newChat } from "../../state/thread";
import { startUploads } from "../../state/uploads";
import { Confirm } from "../dialog/Dialog";
import { NameDialog } from "../dialog/NameDialog";
import { focusIfLost } from "../focus";
import { Icon } from "../icons";
import { AddByUrl } from "./AddByUrl";
import { DocumentList } from "./DocumentList";
import { Sharing } from "./Sharing";

export function OneCollection({ collection }: { collection: Collection }) {
  const [isDeleting, setDeleting] = useState(false);
  const [isNaming, setNaming] = useState(false);
  const [isSharing, setSharing] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const [fetches, setFetches] = useState(0);
  const canWrite = collection.right === "write" || collection.right === "manage";
  const files = useRef<HTMLInputElement>(null);

  const askIt = () => {
    chooseCollections([collection.id]);
    newChat();
  };
  const remove = () => {
    removeCollection(collection).then(() => focusIfLost(".library-new"));
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
          <h2 id="one-collection-name" class="one-collection-title" dir="auto" tabIndex={-1}>
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
              aria-label={t("Rename this collection")}
              title={t("Rename this collection")}
              onClick={() => setNaming(true)}
            >
              <Icon name="pencil" />
            </button>
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
      <DocumentList collection={collection} canWrite={canWrite} fetches={fetches} />
      {isAsking && (
        <AddByUrl collection={collection} added={() => setFetches(fetches + 1)} close={() => setAsking(false)} />
      )}
      {isSharing && <Sharing kind="collections" thing={collection} close={() => setSharing(false)} />}
      {isNaming && (
        <NameDialog
          title={t("Rename this collection")}
          label={t("Name")}
          before={collection.name}
          action={t("Rename")}
          mostCharacters={100}
          put={(name) => renameCollection(collection, name)}
          close={() => setNaming(false)}
        />
      )}
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

function aboutOf({ description, is_shared, is_mine, passages, embedded }: Collection): string {
  const parts = is_shared ? [t("Shared with everybody")] : is_mine ? [] : [t("Shared with you")];
  if (passages > 0) parts.push(plural(passages, "{count} passage", "{count} passages"));
  if (embedded > 0 && embedded < passages)
    parts.push(
      t("{number} % can be found by meaning, all by words", { number: Math.floor((100 * embedded) / passages) }),
    );
  return description ? `${description} ${parts.join(" · ")}` : parts.join(" · ");
}
