/** Ask for a name; the dialog stays open where it can't be had, so that another one can be tried. */

import { useEffect, useId, useState } from "preact/hooks";
import { t } from "../../language/t";
import { Dialog } from "./Dialog";

interface Properties {
  title: string;
  label: string;
  before: string;
  action: string;
  mostCharacters: number;
  /** Take the name; false where it can't be had, of which the person is told. */
  put: (name: string) => Promise<boolean>;
  close: () => void;
}

export function NameDialog({ title, label, before, action, mostCharacters, put, close }: Properties) {
  const [name, setName] = useState(before);
  const [isBusy, setBusy] = useState(false);
  const id = useId();
  useEffect(() => document.getElementById(id)?.focus(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const isDone = await put(name.trim());
    setBusy(false);
    if (isDone) close();
  };
  return (
    <Dialog title={title} close={close}>
      <form onSubmit={submit}>
        <label class="label" for={id}>
          {label}
        </label>
        <input
          id={id}
          class="field"
          maxLength={mostCharacters}
          required
          value={name}
          dir="auto"
          autocomplete="off"
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <div class="dialog-actions">
          <button type="button" class="button" onClick={close}>
            {t("Cancel")}
          </button>
          <button type="submit" class="button is-primary" disabled={isBusy || name.trim() === ""}>
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
