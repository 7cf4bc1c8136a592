/** Ask which collection the picked files go into. */

import { useState } from "preact/hooks";
import { plural, t } from "../../language/t";
import { chosenCollections, collections, createCollection } from "../../state/library";
import { route } from "../../state/route";
import { picked, startUploads } from "../../state/uploads";
import { Dialog } from "../dialog/Dialog";
import { sizeText } from "../library/sizes";

const NEW = "";

export function UploadDialog() {
  return picked.value.length === 0 ? null : <Choosing />;
}

function Choosing() {
  const files = picked.value;
  const mine = (collections.value ?? []).filter(({ right }) => right === "write" || right === "manage");
  const [target, setTarget] = useState(() => likelyTarget(mine.map(({ id }) => id)));
  const [name, setName] = useState(() => freeName(mine.map((one) => one.name)));
  const [isBusy, setBusy] = useState(false);
  const close = () => {
    picked.value = [];
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const collection = target === NEW ? await createCollection(name) : mine.find(({ id }) => id === target);
    setBusy(false);
    if (collection === undefined) return;
    close();
    startUploads(collection, files);
  };
  return (
    <Dialog title={plural(files.length, "Add a document", "Add {count} documents")} close={close}>
      <form onSubmit={submit}>
        <ul class="picked" aria-label={t("Files")}>
          {files.map((file) => (
            <li key={file.name}>
              <span class="picked-name" dir="auto">
                {file.name}
              </span>
              <span class="picked-size">{sizeText(file.size)}</span>
            </li>
          ))}
        </ul>
        <label class="label" for="upload-target">
          {t("Collection")}
        </label>
        <select
          id="upload-target"
          class="field"
          value={target}
          onChange={(event) => setTarget(event.currentTarget.value)}
        >
          {mine.map((collection) => (
            <option key={collection.id} value={collection.id}>
              {collection.name}
            </option>
          ))}
          <option value={NEW}>{t("A new collection")}</option>
        </select>
        {target === NEW && (
          <>
            <label class="label picked-label" for="upload-name">
              {t("Name of the new collection")}
            </label>
            <input
              id="upload-name"
              class="field"
              maxLength={100}
              required
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </>
        )}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={close}>
            {t("Cancel")}
          </button>
          <button type="submit" class="button is-primary" disabled={isBusy || (target === NEW && name.trim() === "")}>
            {t("Add")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** The collection that is looked at, or asked, or the first; a new one where there is none. */
function likelyTarget(mine: readonly string[]): string {
  const { value: shown } = route;
  const looked = shown.page === "library" ? shown.collectionId : null;
  if (looked !== null && mine.includes(looked)) return looked;
  return chosenCollections.value.find((id) => mine.includes(id)) ?? mine[0] ?? NEW;
}

function freeName(taken: readonly string[]): string {
  const first = t("My documents");
  if (!taken.includes(first)) return first;
  let number = 2;
  while (taken.includes(`${first} ${number}`)) number++;
  return `${first} ${number}`;
}
