/** Say who may see a document, of those who may see its collection. */

import { useEffect, useId, useState } from "preact/hooks";
import type { Document, Group } from "../../api/resources";
import { t } from "../../language/t";
import { readersOf, restrictDocument } from "../../state/documents";
import { isAbort, tell } from "../../state/notices";
import { Dialog } from "../dialog/Dialog";
import { Icon } from "../icons";
import { Adding, nameOf } from "./Sharing";
import "./library.css";

interface Properties {
  document: Document;
  /** It was changed. */
  changed: () => void;
  close: () => void;
}

export function Restricting({ document, changed, close }: Properties) {
  const [isLoaded, setLoaded] = useState(false);
  const [readers, setReaders] = useState<readonly string[]>([]);
  const [isRestricted, setRestricted] = useState(false);
  const [groups, setGroups] = useState<readonly Group[]>([]);
  const [isBusy, setBusy] = useState(false);
  const choice = useId();
  useEffect(() => {
    const controller = new AbortController();
    readersOf(controller.signal, document.id).then(
      ([named, known]) => {
        setReaders(named ?? []);
        setRestricted(named !== null);
        setGroups(known);
        setLoaded(true);
      },
      (error: unknown) => {
        if (isAbort(error)) return;
        tell(error);
        close();
      },
    );
    return () => controller.abort();
  }, []);

  const save = async () => {
    setBusy(true);
    const isDone = await restrictDocument(document, isRestricted ? readers : null);
    setBusy(false);
    if (!isDone) return;
    changed();
    close();
  };
  const choose = (label: string, wanted: boolean) => (
    <label class="restricting-choice">
      <input type="radio" name={choice} checked={isRestricted === wanted} onChange={() => setRestricted(wanted)} />
      {label}
    </label>
  );
  return (
    <Dialog title={t("Who may see “{name}”", { name: document.title || document.name })} close={close}>
      {!isLoaded && <p role="status">{t("Loading …")}</p>}
      {isLoaded && (
        <fieldset class="restricting">
          <legend class="visually-hidden">{t("Who may see it")}</legend>
          {choose(t("Everybody who may see the collection"), false)}
          {choose(t("Only these, of those who may see the collection"), true)}
        </fieldset>
      )}
      {isLoaded && isRestricted && (
        <>
          <p class="sharing-note">
            {readers.length === 0
              ? t("Only those who manage the collection can see it.")
              : t("Those who manage the collection always see it.")}
          </p>
          {readers.length > 0 && (
            <ul class="sharing-list" aria-label={t("Who may see it")}>
              {readers.map((subject) => (
                <li key={subject} class="sharing-row">
                  <span class="sharing-name" dir="auto">
                    {nameOf(subject, undefined, groups)}
                  </span>
                  <button
                    type="button"
                    class="icon-button"
                    aria-label={t("Share no longer with {name}", { name: nameOf(subject, undefined, groups) })}
                    title={t("Share no longer")}
                    onClick={() => setReaders(readers.filter((one) => one !== subject))}
                  >
                    <Icon name="bin" size={18} />
                  </button>
                </li>
              ))}
            </ul>
          )}
          <Adding
            kind="documents"
            groups={groups}
            isForAll={false}
            taken={readers}
            add={({ subject }) => setReaders([...readers, subject])}
          />
        </>
      )}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          {t("Cancel")}
        </button>
        <button type="button" class="button is-primary" disabled={!isLoaded || isBusy} onClick={save}>
          {t("Save")}
        </button>
      </div>
    </Dialog>
  );
}
