/** Say who may do what with a collection, a prompt or an assistant. */

import { useEffect, useId, useState } from "preact/hooks";
import type { Shareable } from "../../api/hubbub";
import type { Grant, Group } from "../../api/resources";
import type { Right } from "../../api/rights";
import { t } from "../../language/t";
import { isAbort, tell } from "../../state/notices";
import { me } from "../../state/session";
import { share, sharingOf } from "../../state/sharing";
import { Dialog } from "../dialog/Dialog";
import { Icon } from "../icons";
import { PersonId, problemOfId } from "./PersonId";
import "./library.css";

const PERSON = "person:";
const GROUP = "group:";
const rightsTo: Record<Shareable, readonly [Right, string][]> = {
  collections: [
    ["see", t("see that it is there")],
    ["use", t("search and read it")],
    ["write", t("add and delete documents")],
    ["manage", t("share and delete it")],
  ],
  prompts: [
    ["see", t("see its name")],
    ["use", t("use it")],
    ["write", t("change it")],
    ["manage", t("share and delete it")],
  ],
  assistants: [
    ["see", t("see that it is there")],
    ["use", t("ask it")],
    ["write", t("change it")],
    ["manage", t("share and delete it")],
  ],
};

interface SharingProperties {
  kind: Shareable;
  thing: { id: string; name: string };
  close: () => void;
}

export function Sharing({ kind, thing, close }: SharingProperties) {
  const [grants, setGrants] = useState<readonly Grant[] | null>(null);
  const [isForAll, setForAll] = useState(false);
  const [groups, setGroups] = useState<readonly Group[]>([]);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    const controller = new AbortController();
    sharingOf(controller.signal, kind, thing.id).then(
      ([given, known]) => {
        setForAll(given.may_give_to_all);
        setGrants(given.grants);
        setGroups(known);
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
    const isShared = await share(kind, thing.id, grants ?? []);
    setBusy(false);
    if (isShared) close();
  };
  const change = (subject: string, right: Right) =>
    setGrants((grants ?? []).map((one) => (one.subject === subject ? { ...one, right } : one)));
  return (
    <Dialog title={t("Share “{name}”", { name: thing.name })} close={close}>
      {grants === null && <p role="status">{t("Loading …")}</p>}
      {grants?.length === 0 && <p class="sharing-note">{t("Only whoever made it and the operators can see it.")}</p>}
      {grants !== null && grants.length > 0 && (
        <ul class="sharing-list" aria-label={t("Who may do what")}>
          {grants.map(({ subject, right, name }) => (
            <li key={subject} class="sharing-row">
              <span class="sharing-name" dir="auto">
                {nameOf(subject, name, groups)}
              </span>
              <RightField
                label={t("What {name} may do", { name: nameOf(subject, name, groups) })}
                rights={rightsTo[kind]}
                subject={subject}
                right={right}
                change={(wanted) => change(subject, wanted)}
              />
              <button
                type="button"
                class="icon-button"
                aria-label={t("Share no longer with {name}", { name: nameOf(subject, name, groups) })}
                title={t("Share no longer")}
                onClick={() => setGrants(grants.filter((one) => one.subject !== subject))}
              >
                <Icon name="bin" size={18} />
              </button>
            </li>
          ))}
        </ul>
      )}
      {grants !== null && (
        <Adding
          kind={kind}
          groups={groups}
          isForAll={isForAll}
          taken={grants.map(({ subject }) => subject)}
          add={(grant) => setGrants([...grants.filter(({ subject }) => subject !== grant.subject), grant])}
        />
      )}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          {t("Cancel")}
        </button>
        <button type="button" class="button is-primary" disabled={grants === null || isBusy} onClick={save}>
          {t("Save")}
        </button>
      </div>
    </Dialog>
  );
}

interface AddingProperties {
  kind: Shareable | "documents";
  groups: readonly Group[];
  /** Whether it may be shared with everybody. */
  isForAll: boolean;
  taken: readonly string[];
  add: (grant: Grant) => void;
}

export function Adding({ kind, groups, isForAll, taken, add }: AddingProperties) {
  const [chosen, setChosen] = useState(PERSON); // the fewest: who means more chooses more
  const [id, setId] = useState("");
  const field = useId();
  const subject = chosen === PERSON ? PERSON + id.trim() : chosen;
  const isNobody = chosen === PERSON && problemOfId(id, me.value?.person.id ?? "") !== "";
  const isUsable = subject !== PERSON && !isNobody && !taken.includes(subject);
  const submit = (event: Event) => {
    event.preventDefault();
    if (!isUsable) return;
    add({ subject, right: "use" });
    setId("");
  };
  return (
    <form class="sharing-add" onSubmit={submit}>
      <label class="label" for={field}>
        {t("Share with")}
      </label>
      <div class="sharing-row">
        <select id={field} class="field" value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
          <option value={PERSON}>{t("a person")}</option>
          {groups.map((group) => (
            <option key={group.id} value={GROUP + group.id}>
              {group.name}
            </option>
          ))}
          {(isForAll || kind === "documents") && <option value="signed-in">{t("everybody who is signed in")}</option>}
          {isForAll && <option value="everybody">{t("everybody")}</option>}
        </select>
        <button type="submit" class="button" disabled={!isUsable}>
          {t("Add")}
        </button>
      </div>
      {chosen === PERSON && <PersonId value={id} changed={setId} />}
      {!isForAll && kind !== "collections" && (
        <p class="sharing-note">{t("Sign in to share with everybody: only this browser knows who you are.")}</p>
      )}
      {!isForAll && kind === "collections" && (
        <p class="sharing-note">
          {t(
            "Only this browser knows who you are, so you can’t share with everybody. Whoever runs the server can, by this command:",
          )}{" "}
          <code>hubbub collections share</code>
        </p>
      )}
    </form>
  );
}

interface RightProperties {
  label: string;
  rights: readonly [Right, string][];
  subject: string;
  right: Right;
  change: (right: Right) => void;
}

function RightField({ label, rights, subject, right, change }: RightProperties) {
  const isMany = subject === "everybody" || subject === "signed-in";
  return (
    <select
      class="field"
      aria-label={label}
      value={right}
      onChange={(event) => change(event.currentTarget.value as Right)}
    >
      {rights.map(([value, text]) => (
        <option key={value} value={value} disabled={isMany && value === "manage"}>
          {text}
        </option>
      ))}
    </select>
  );
}

export function nameOf(subject: string, name: string | undefined, groups: readonly Group[]): string {
  if (subject === "everybody") return t("Everybody");
  if (subject === "signed-in") return t("Everybody who is signed in");
  if (name) return name;
  const group = groups.find(({ id }) => subject === GROUP + id);
  return group?.name ?? subject.replace(/^(person|group|claim):/, "");
}
