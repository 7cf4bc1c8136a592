/** Make and delete groups, and say who is in them. */

import { useEffect, useState } from "preact/hooks";
import * as operators from "../../api/operators";
import * as people from "../../api/people";
import { plural, t } from "../../language/t";
import { tell } from "../../state/notices";
import { me } from "../../state/session";
import { Confirm } from "../dialog/Dialog";
import { useLive } from "./live";

const never = new AbortController().signal;

export function Groups() {
  const { value, reload } = useLive(operators.groups, 0);
  const [known, setKnown] = useState<readonly people.KnownPerson[]>([]);
  const [deleting, setDeleting] = useState<operators.Group | null>(null);
  const mayChange = me.value?.person.is_operator ?? false;
  useEffect(() => {
    if (mayChange) people.people(never).then(setKnown, () => setKnown([])); // without accounts there are none
  }, [mayChange]);
  if (value === null) return <p aria-busy="true">{t("Loading …")}</p>;
  return (
    <>
      {mayChange && (
        <form
          class="operators-filter"
          onSubmit={(event) => {
            event.preventDefault();
            const form = event.currentTarget;
            const name = String(new FormData(form).get("name") ?? "").trim();
            operators.makeGroup(never, name).then(() => {
              form.reset();
              reload();
            }, tell);
          }}
        >
          <label>
            {t("Name of a new group")}
            <input class="field" name="name" required maxLength={256} autocomplete="off" />
          </label>
          <button type="submit" class="button is-primary">
            {t("Make it")}
          </button>
        </form>
      )}
      {value.length === 0 && <p>{t("There are no groups.")}</p>}
      {value.map((one) => (
        <details key={one.id} class="operators-group">
          <summary>
            {one.name} <span class="operators-soft">{plural(one.members, "{count} member", "{count} members")}</span>
          </summary>
          {mayChange && <Members group={one} known={known} changed={reload} />}
          {mayChange && (
            <button type="button" class="button" onClick={() => setDeleting(one)}>
              {t("Delete the group")}
            </button>
          )}
        </details>
      ))}
      {deleting && (
        <Confirm
          title={t("Delete {name}?", { name: deleting.name })}
          text={t(
            "What was shared with this group is not shared with its members any more. People and documents stay.",
          )}
          action={t("Delete")}
          confirm={() => operators.deleteGroup(never, deleting.id).then(reload, tell)}
          close={() => setDeleting(null)}
        />
      )}
    </>
  );
}

interface MembersProperties {
  group: operators.Group;
  known: readonly people.KnownPerson[];
  changed: () => void;
}

function Members({ group, known, changed }: MembersProperties) {
  const { value, reload } = useLive((signal) => operators.members(signal, group.id), 0, group.id);
  const done = () => {
    reload();
    changed();
  };
  const nameOf = (id: string) => {
    const person = known.find((one) => one.id === id);
    return person ? person.name || person.email : id;
  };
  return (
    <>
      <ul class="operators-list">
        {value?.map((one) => (
          <li key={one.person_id}>
            <span title={one.person_id}>
              {nameOf(one.person_id)} {one.is_manager && <span class="operators-soft">{t("manages it")}</span>}
            </span>
            <span class="operators-actions">
              <button
                type="button"
                class="button"
                onClick={() => operators.putMember(never, group.id, one.person_id, !one.is_manager).then(done, tell)}
              >
                {one.is_manager ? t("Make a member") : t("Make a manager")}
              </button>
              <button
                type="button"
                class="button"
                aria-label={t("Take {person} out of {group}", { person: nameOf(one.person_id), group: group.name })}
                onClick={() => operators.removeMember(never, group.id, one.person_id).then(done, tell)}
              >
                {t("Take out")}
              </button>
            </span>
          </li>
        ))}
      </ul>
      <form
        class="operators-filter"
        onSubmit={(event) => {
          event.preventDefault();
          const form = event.currentTarget;
          const said = String(new FormData(form).get("person") ?? "").trim();
          const person = known.find((one) => one.email === said)?.id ?? said;
          operators.putMember(never, group.id, person, false).then(() => {
            form.reset();
            done();
          }, tell);
        }}
      >
        <label>
          {t("E-mail or id of a person")}
          <input class="field" name="person" required autocomplete="off" list={`people-${group.id}`} />
        </label>
        <datalist id={`people-${group.id}`}>
          {known.map((one) => (
            <option key={one.id} value={one.email || one.id}>
              {one.name}
            </option>
          ))}
        </datalist>
        <button type="submit" class="button">
          {t("Put in")}
        </button>
      </form>
    </>
  );
}
