/** Choose the collections that are asked. */

import { useId, useRef } from "preact/hooks";
import { plural, t } from "../../language/t";
import { filesHere, searchedFiles, searchFiles } from "../../state/attachments";
import { chooseCollections, chosenCollections, collections } from "../../state/library";
import { libraryPath, navigate } from "../../state/route";
import { picked } from "../../state/uploads";
import { Icon } from "../icons";
import { usePopover } from "./popover";

export function CollectionsPicker() {
  const { isOpen, setOpen, root, button, press } = usePopover("input, .picker-foot button");
  const files = useRef<HTMLInputElement>(null);
  const list = useId();
  const all = (collections.value ?? []).filter(({ right }) => right !== "see");
  const chosen = chosenCollections.value;
  const names = all.filter(({ id }) => chosen.includes(id)).map(({ name }) => name);
  if (searchedFiles.value !== null) names.unshift(t("Files of this chat"));
  const label =
    names.length === 0
      ? t("No documents")
      : names.length === 1
        ? names[0]
        : plural(names.length, "{count} collection", "{count} collections");
  const toggle = (id: string) =>
    chooseCollections(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
  return (
    <span class="picker" ref={root} onKeyDown={press}>
      <button
        ref={button}
        type="button"
        class={`pill ${names.length > 0 ? "is-on" : ""}`}
        aria-label={t("Collections: {label}", { label })}
        aria-expanded={isOpen}
        aria-controls={isOpen ? list : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="book" size={18} />
        <span class="pill-text" dir="auto">
          {label}
        </span>
      </button>
      {isOpen && (
        <div id={list} class="picker-list" role="group" aria-label={t("Search in")}>
          <p class="picker-title" aria-hidden="true">
            {t("Search in")}
          </p>
          {all.map(({ id, name, documents, is_shared }) => (
            <label key={id} class="picker-item">
              <input type="checkbox" checked={chosen.includes(id)} onChange={() => toggle(id)} />
              <span class="picker-name" dir="auto">
                {name}
              </span>
              <span class="picker-count">
                {is_shared ? `${t("shared")} · ` : ""}
                {documents}
              </span>
            </label>
          ))}
          {filesHere.value !== null && (
            <label class="picker-item">
              <input
                type="checkbox"
                checked={searchedFiles.value !== null}
                onChange={(event) => searchFiles(event.currentTarget.checked)}
              />
              <span class="picker-name">{t("Files of this chat")}</span>
            </label>
          )}
          {all.length === 0 && <p class="picker-empty">{t("There are no collections yet. Add documents below.")}</p>}
          <div class="picker-foot">
            <button type="button" onClick={() => files.current?.click()}>
              {t("Add documents")}
            </button>
            <button type="button" onClick={() => navigate(libraryPath(null))}>
              {t("Manage documents")}
            </button>
          </div>
        </div>
      )}
      <input
        ref={files}
        type="file"
        name="documents"
        multiple
        hidden
        onChange={(event) => {
          picked.value = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = "";
          setOpen(false);
        }}
      />
    </span>
  );
}
