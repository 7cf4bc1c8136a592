/** Show the pictures and files that were sent with a question; a file can be added to a collection. */

import { useState } from "preact/hooks";
import { copyDocument, fileAddress, pictureAddress } from "../../api/hubbub";
import type { Attachment } from "../../api/resources";
import { t } from "../../language/t";
import { collections, createCollection } from "../../state/library";
import { notify, tell } from "../../state/notices";
import { Dialog } from "../dialog/Dialog";
import { Icon } from "../icons";
import { sizeText } from "../library/sizes";

export function Sent({ attachments }: { attachments: readonly Attachment[] }) {
  const [opened, setOpened] = useState<Attachment | null>(null);
  if (attachments.length === 0) return null;
  return (
    <ul class="sent" aria-label={t("Sent with the question")}>
      {attachments.map((one) => (
        <li key={one.id}>
          {one.kind === "picture" ? (
            <a href={pictureAddress(one.id)} target="_blank" rel="noopener">
              <img class="sent-picture" src={pictureAddress(one.id)} alt={one.name} loading="lazy" />
            </a>
          ) : (
            <button type="button" class="sent-file" onClick={() => setOpened(one)}>
              <Icon name="file" size={18} />
              <span dir="auto">{one.name}</span>
            </button>
          )}
        </li>
      ))}
      {opened && <SentFile file={opened} close={() => setOpened(null)} />}
    </ul>
  );
}

const NEW = "";

function SentFile({ file, close }: { file: Attachment; close: () => void }) {
  const mine = (collections.value ?? []).filter(({ right }) => right === "write" || right === "manage");
  const [target, setTarget] = useState(mine[0]?.id ?? NEW);
  const [name, setName] = useState(t("My documents"));
  const add = async (event: Event) => {
    event.preventDefault();
    const collection = target === NEW ? await createCollection(name) : mine.find(({ id }) => id === target);
    if (collection === undefined) return;
    close();
    try {
      await copyDocument(new AbortController().signal, file.id, collection.id);
      notify(t("“{name}” is in {collection} as well.", { name: file.name, collection: collection.name }));
    } catch (error) {
      tell(error);
    }
  };
  return (
    <Dialog title={file.name} close={close}>
      <p>
        {t("{size} · searched in this chat alone ·", { size: sizeText(file.size_bytes) })}{" "}
        <a href={fileAddress(file.id)} download={file.name}>
          {t("Download")}
        </a>
      </p>
      <form onSubmit={add}>
        <label class="label" for="sent-target">
          {t("Add it to a collection as well")}
        </label>
        <select
          id="sent-target"
          class="field"
          value={target}
          onChange={(event) => setTarget(event.currentTarget.value)}
        >
          {mine.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
          <option value={NEW}>{t("A new collection")}</option>
        </select>
        {target === NEW && (
          <>
            <label class="label picked-label" for="sent-name">
              {t("Name")}
            </label>
            <input
              id="sent-name"
              class="field"
              required
              maxLength={100}
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </>
        )}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={close}>
            {t("Close")}
          </button>
          <button type="submit" class="button is-primary">
            {t("Add")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
