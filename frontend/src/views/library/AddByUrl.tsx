/** Ask for the URL of a document that the server is to fetch into a collection. */

import { useEffect, useRef, useState } from "preact/hooks";
import * as hubbub from "../../api/hubbub";
import type { Collection } from "../../api/resources";
import { t } from "../../language/t";
import { isAbort, messageOf } from "../../state/notices";
import { Dialog } from "../dialog/Dialog";

export function AddByUrl({
  collection,
  added,
  close,
}: {
  collection: Collection;
  added: () => void;
  close: () => void;
}) {
  const [url, setUrl] = useState("");
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const running = useRef(new AbortController());
  useEffect(() => () => running.current.abort(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    try {
      await hubbub.addByUrl(running.current.signal, collection.id, url.trim());
      added();
      close();
    } catch (error) {
      if (isAbort(error)) return;
      setProblem(messageOf(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={t("Add a document by URL")} close={close}>
      <form onSubmit={submit}>
        <label class="label" for="document-url">
          URL
        </label>
        <input
          id="document-url"
          class="field"
          type="url"
          placeholder="https://"
          required
          maxLength={2000}
          value={url}
          onInput={(event) => setUrl(event.currentTarget.value)}
        />
        {problem !== "" && (
          <p class="one-collection-note" role="alert">
            {problem}
          </p>
        )}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={close}>
            {t("Cancel")}
          </button>
          <button type="submit" class="button is-primary" disabled={isBusy}>
            {isBusy ? t("Fetching …") : t("Add")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
