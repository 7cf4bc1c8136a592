/** Show the collections and the documents in them. */

import { useState } from "preact/hooks";
import type { Collection } from "../../api/resources";
import { t } from "../../language/t";
import { collections, createCollection } from "../../state/library";
import { libraryPath, navigate, route } from "../../state/route";
import { NameDialog } from "../dialog/NameDialog";
import { Icon } from "../icons";
import { OneCollection } from "./OneCollection";
import "./library.css";

export function Library() {
  const [isMaking, setMaking] = useState(false);
  const all = collections.value;
  const wanted = route.value.page === "library" ? route.value.collectionId : null;
  const isGone = wanted !== null && all !== null && !all.some(({ id }) => id === wanted);
  const shown = isGone ? undefined : (all?.find(({ id }) => id === wanted) ?? all?.[0]);
  const make = async (name: string) => {
    const made = await createCollection(name);
    if (made !== undefined) navigate(libraryPath(made.id));
    return made !== undefined;
  };
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
      {isGone && (
        <div class="library-empty">
          <h2>{t("This collection is not there")}</h2>
          <p>{t("It was deleted, or it is not shared with you. Choose another one.")}</p>
        </div>
      )}
      {!isGone && all?.length === 0 && (
        <div class="library-empty">
          <h2>{t("No documents yet")}</h2>
          <p>{t("Drop files here, or make a collection first. Then ask about what is in them.")}</p>
          <button type="button" class="button is-primary" onClick={() => setMaking(true)}>
            {t("New collection")}
          </button>
        </div>
      )}
      {isMaking && (
        <NameDialog
          title={t("New collection")}
          label={t("Name")}
          before=""
          action={t("Create")}
          mostCharacters={100}
          put={make}
          close={() => setMaking(false)}
        />
      )}
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
