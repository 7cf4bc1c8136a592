/** Ask for the name of a folder; those there are can be picked. */

import { useId, useState } from "preact/hooks";
import { t } from "../../language/t";
import { folders } from "../../state/chats";
import { Dialog } from "../dialog/Dialog";

interface Properties {
  title: string;
  before: string;
  action: string;
  put: (name: string) => void;
  close: () => void;
}

export function FolderDialog({ title, before, action, put, close }: Properties) {
  const [name, setName] = useState(before);
  const id = useId();
  const submit = (event: Event) => {
    event.preventDefault();
    close();
    put(name.trim());
  };
  return (
    <Dialog title={title} close={close}>
      <form onSubmit={submit}>
        <label class="label" for={id}>
          {t("Folder (empty: none)")}
        </label>
        <input
          id={id}
          class="field"
          maxLength={100}
          list={`${id}-known`}
          value={name}
          dir="auto"
          autocomplete="off"
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <datalist id={`${id}-known`}>
          {folders.value.map((one) => (
            <option key={one.name} value={one.name} />
          ))}
        </datalist>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={close}>
            {t("Cancel")}
          </button>
          <button type="submit" class="button is-primary">
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
