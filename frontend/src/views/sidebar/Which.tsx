/** Choose which chats are listed, and change many of them at once. */

import { useState } from "preact/hooks";
import type { Chat } from "../../api/resources";
import { plural, t } from "../../language/t";
import { chats, folders, keep, list, pinned, removeAll, renameFolder, selected, which } from "../../state/chats";
import { LazyImportChats } from "../imports/LazyImportChats";
import { Menu } from "../menu/Menu";
import { FolderDialog } from "./FolderDialog";

const ALL = "";
const ARCHIVED = "archived";
const FOLDER = "folder:";

/** Which chats are listed: all, a folder's, or the archived ones. */
export function Which() {
  const [isRenaming, setRenaming] = useState(false);
  const [isImporting, setImporting] = useState(false);
  const { kept, folder } = which.value;
  const value = folder !== undefined ? FOLDER + folder : kept === "archived" ? ARCHIVED : ALL;
  const choose = (chosen: string) => {
    if (chosen === ARCHIVED) list({ kept: "archived" });
    else if (chosen.startsWith(FOLDER)) list({ kept: "usual", folder: chosen.slice(FOLDER.length) });
    else list({ kept: "usual" });
  };
  return (
    <div class="which">
      <span class="which-select">
        <select aria-label={t("Which chats")} value={value} onChange={(event) => choose(event.currentTarget.value)}>
          <option value={ALL}>{t("All chats")}</option>
          {folders.value.map(({ name, chats: count }) => (
            <option key={name} value={FOLDER + name}>
              {name} ({count})
            </option>
          ))}
          <option value={ARCHIVED}>{t("Archived")}</option>
        </select>
      </span>
      <Menu
        label={t("These chats")}
        items={[
          {
            label: t("Select chats"),
            icon: "check",
            run: () => {
              selected.value = new Set();
            },
          },
          ...(folder === undefined
            ? []
            : [{ label: t("Rename the folder"), icon: "pencil" as const, run: () => setRenaming(true) }]),
          { label: t("Import chats"), icon: "upload", run: () => setImporting(true) },
        ]}
      />
      {isImporting && <LazyImportChats close={() => setImporting(false)} />}
      {isRenaming && folder !== undefined && (
        <FolderDialog
          title={t("Rename the folder")}
          before={folder}
          action={t("Rename")}
          put={(name) => renameFolder(folder, name)}
          close={() => setRenaming(false)}
        />
      )}
    </div>
  );
}

/** What can be done with the chats that are selected. */
export function Selection() {
  const [isMoving, setMoving] = useState(false);
  const picked = selected.value;
  if (picked === null) return null;
  const all = [...pinned.value, ...(chats.value ?? [])];
  const these = all.filter(({ id }) => picked.has(id));
  const isArchive = which.value.kept === "archived";
  const end = () => {
    selected.value = null;
  };
  const run = (act: (chats: readonly Chat[]) => void) => () => {
    act(these);
    end();
  };
  const count = these.length;
  return (
    <div class="selection" role="toolbar" aria-label={t("Selected chats")}>
      <p class="selection-count" role="status">
        {plural(count, "{count} chat selected", "{count} chats selected")}
      </p>
      <div class="selection-acts">
        <button
          type="button"
          class="button"
          onClick={() => {
            selected.value = new Set(these.length === all.length ? [] : all.map(({ id }) => id));
          }}
        >
          {these.length === all.length && all.length > 0 ? t("None") : t("All")}
        </button>
        <button
          type="button"
          class="button"
          disabled={these.length === 0}
          onClick={run((some) =>
            keep(
              some,
              { is_archived: !isArchive },
              isArchive
                ? plural(count, "Took back {count} chat.", "Took back {count} chats.")
                : plural(count, "Archived {count} chat.", "Archived {count} chats."),
            ),
          )}
        >
          {isArchive ? t("Take back") : t("Archive")}
        </button>
        <button type="button" class="button" disabled={these.length === 0} onClick={() => setMoving(true)}>
          {t("Folder")}
        </button>
        <button type="button" class="button is-danger" disabled={these.length === 0} onClick={run(removeAll)}>
          {t("Delete")}
        </button>
        <button type="button" class="button" onClick={end}>
          {t("Done")}
        </button>
      </div>
      {isMoving && (
        <FolderDialog
          title={plural(count, "Put {count} chat into a folder", "Put {count} chats into a folder")}
          before=""
          action={t("Move")}
          put={(folder) =>
            run((some) => keep(some, { folder }, plural(count, "Moved {count} chat.", "Moved {count} chats.")))()
          }
          close={() => setMoving(false)}
        />
      )}
    </div>
  );
}
