/** Show the collections and the documents in them. */

import { useEffect, useState } from "preact/hooks";
import type { Collection } from "../../api/resources";
import { t } from "../../language/t";
import { collections, createCollection } from "../../state/library";
import { libraryPath, navigate, route } from "../../state/route";
import { Dialog } from "../dialog/Dialog";
import { Icon } from "../icons";
import { OneCollection } from "./OneCollection";
import "./library.css";

export function Library() {
  const [isMaking, setMaking] = useState(false);
  const all = collections.value;
  const wanted = route.value.page === "library" ? route.value.collectionId : null;
  const shown = all?.find(({ id }) => id === wanted) ?? all?.[0];
  return (
    <div class="library">
      <nav class="library-side" aria-label={t("Collections")}>
        <ul class="library-list">
          {all?.map((collection) => (
            <li key={collection.id}>
              <CollectionLink collection={collection} isHere={collection.id === shown?.id} />
            </li>
          ))}
        </ul>
        <button type="button" class="sidebar-link library-new" onClick={() => setMaking(true)}>
          <Icon name="plus" /> {t("New collection")}
        </button>
      </nav>
      {shown && <OneCollection key={shown.id} collection={shown} />}
      {all?.length === 0 && (
        <div class="library-empty">
          <h2>{t("No documents yet")}</h2>
          <p>{t("Drop files here, or make a collection first. Then ask about what is in them.")}</p>
          <button type="button" class="button is-primary" onClick={() => setMaking(true)}>
            {t("New collection")}
          </button>
        </div>
      )}
      {isMaking && <Making close={() => setMaking(false)} />}
    </div>
  );
}

function CollectionLink({ collection, isHere }: { collection: Collection; isHere: boolean }) {
  const address = libraryPath(collection.id);
  return (
    <a
      class="library-collection"
      href={address}
      aria-current={isHere ? "page" : undefined}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        navigate(address);
      }}
    >
      <span class="library-collection-name" dir="auto">
        {collection.name}
      </span>
      <span class="library-collection-count">
        {collection.documents}
        <span class="visually-hidden"> {t("documents")}</span>
      </span>
    </a>
  );
}

function Making({ close }: { close: () => void }) {
  const [name, setName] = useState("");
  const [isBusy, setBusy] = useState(false);
  useEffect(() => document.querySelector<HTMLInputElement>("#new-collection")?.focus(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const made = await createCollection(name);
    setBusy(false);
    if (made === undefined) return;
    close();
    navigate(libraryPath(made.id));
  };
  return (
    <Dialog title={t("New collection")} close={close}>
      <form onSubmit={submit}>
        <label class="label" for="new-collection">
          {t("Name")}
        </label>
        <input
          id="new-collection"
          class="field"
          maxLength={100}
          required
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <div class="dialog-actions">
          <button type="button" class="button" onClick={close}>
            {t("Cancel")}
          </button>
          <button type="submit" class="button is-primary" disabled={isBusy || name.trim() === ""}>
            {t("Create")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
