/** Say who may do what with a collection. */

import { useEffect, useId, useState } from "preact/hooks";
import type { Collection, Grant, Group, Right } from "../../api/resources";
import { isAbort, tell } from "../../state/notices";
import { me } from "../../state/session";
import { share, sharingOf } from "../../state/sharing";
import { Dialog } from "../dialog/Dialog";
import { Icon } from "../icons";

const PERSON = "person:";
const GROUP = "group:";
const rights: readonly [Right, string][] = [
  ["see", "see that it is there"],
  ["use", "search and read it"],
  ["write", "add and delete documents"],
  ["manage", "share and delete it"],
];

export function Sharing({ collection, close }: { collection: Collection; close: () => void }) {
  const [grants, setGrants] = useState<readonly Grant[] | null>(null);
  const [isForAll, setForAll] = useState(false);
  const [groups, setGroups] = useState<readonly Group[]>([]);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    const controller = new AbortController();
    sharingOf(controller.signal, collection.id).then(
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
    const isShared = await share(collection.id, grants ?? []);
    setBusy(false);
    if (isShared) close();
  };
  const change = (subject: string, right: Right) =>
    setGrants((grants ?? []).map((one) => (one.subject === subject ? { ...one, right } : one)));
  return (
    <Dialog title={`Share “${collection.name}”`} close={close}>
      {grants === null && <p role="status">Loading …</p>}
      {grants?.length === 0 && <p class="sharing-note">Only whoever made it and the operators can see it.</p>}
      {grants !== null && grants.length > 0 && (
        <ul class="sharing-list" aria-label="Who may do what">
          {grants.map(({ subject, right, name }) => (
            <li key={subject} class="sharing-row">
              <span class="sharing-name" dir="auto">
                {nameOf(subject, name, groups)}
              </span>
              <RightField
                label={`What ${nameOf(subject, name, groups)} may do`}
                subject={subject}
                right={right}
                change={(wanted) => change(subject, wanted)}
              />
              <button
                type="button"
                class="icon-button"
                aria-label={`Share no longer with ${nameOf(subject, name, groups)}`}
                title="Share no longer"
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
          groups={groups}
          isForAll={isForAll}
          taken={grants.map(({ subject }) => subject)}
          add={(grant) => setGrants([...grants.filter(({ subject }) => subject !== grant.subject), grant])}
        />
      )}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
        <button type="button" class="button is-primary" disabled={grants === null || isBusy} onClick={save}>
          Save
        </button>
      </div>
    </Dialog>
  );
}

interface AddingProperties {
  groups: readonly Group[];
  /** Whether it may be shared with everybody. */
  isForAll: boolean;
  taken: readonly string[];
  add: (grant: Grant) => void;
}

function Adding({ groups, isForAll, taken, add }: AddingProperties) {
  const [first] = groups;
  const [chosen, setChosen] = useState(isForAll ? "everybody" : first ? GROUP + first.id : PERSON);
  const [id, setId] = useState("");
  const field = useId();
  const subject = chosen === PERSON ? PERSON + id.trim() : chosen;
  const isUsable = subject !== PERSON && !taken.includes(subject);
  const submit = (event: Event) => {
    event.preventDefault();
    if (!isUsable) return;
    add({ subject, right: "use" });
    setId("");
  };
  return (
    <form class="sharing-add" onSubmit={submit}>
      <label class="label" for={field}>
        Share with
      </label>
      <div class="sharing-row">
        <select id={field} class="field" value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
          {isForAll && (
            <>
              <option value="everybody">everybody</option>
              <option value="signed-in">everybody who is signed in</option>
            </>
          )}
          {groups.map((group) => (
            <option key={group.id} value={GROUP + group.id}>
              {group.name}
            </option>
          ))}
          <option value={PERSON}>a person</option>
        </select>
        <button type="submit" class="button" disabled={!isUsable}>
          Add
        </button>
      </div>
      {chosen === PERSON && (
        <>
          <label class="label" for={`${field}-id`}>
            Their id
          </label>
          <input
            id={`${field}-id`}
            class="field"
            maxLength={250}
            value={id}
            onInput={(event) => setId(event.currentTarget.value)}
          />
          <p class="sharing-note">Yours, to tell others, is {me.value?.person.id ?? "not known yet"}.</p>
        </>
      )}
      {!isForAll && (
        <p class="sharing-note">
          Only this browser knows who you are, so you can’t share with everybody. Whoever runs the server can, by{" "}
          <code>hubbub collections share</code>.
        </p>
      )}
    </form>
  );
}

interface RightProperties {
  label: string;
  subject: string;
  right: Right;
  change: (right: Right) => void;
}

function RightField({ label, subject, right, change }: RightProperties) {
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

function nameOf(subject: string, name: string | undefined, groups: readonly Group[]): string {
  if (subject === "everybody") return "Everybody";
  if (subject === "signed-in") return "Everybody who is signed in";
  if (name) return name;
  const group = groups.find(({ id }) => subject === GROUP + id);
  return group?.name ?? subject.replace(/^(person|group|claim):/, "");
}
