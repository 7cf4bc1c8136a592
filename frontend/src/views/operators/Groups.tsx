/** Make and delete groups, and say who is in them. */

import { useState } from "preact/hooks";
import * as operators from "../../api/operators";
import { plural, t } from "../../language/t";
import { tell } from "../../state/notices";
import { me } from "../../state/session";
import { Confirm } from "../dialog/Dialog";
import { Pending, useLive } from "../live";
import { FEW, Narrow, narrowed } from "./Narrow";
import { idOf, type Known, nameOf, PersonField, useKnown } from "./PersonField";

const never = new AbortController().signal;

export function Groups() {
  const { value, problem, reload } = useLive(operators.groups, 0);
  const known = useKnown();
  const [deleting, setDeleting] = useState<operators.Group | null>(null);
  const [words, setWords] = useState("");
  const mayChange = me.value?.person.is_operator ?? false;
  if (value === null) return <Pending problem={problem} reload={reload} />;
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
      {value.length > FEW && <Narrow words={words} changed={setWords} />}
      {narrowed(value, words, (one) => [one.name]).map((one) => (
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
  known: Known;
  changed: () => void;
}

function Members({ group, known, changed }: MembersProperties) {
  const { value, reload } = useLive((signal) => operators.members(signal, group.id), 0, group.id);
  const done = () => {
    reload();
    changed();
  };
  const [said, setSaid] = useState("");
  return (
    <>
      <ul class="operators-list">
        {value?.map((one) => (
          <li key={one.person_id}>
            <span title={one.person_id}>
              {nameOf(one.person_id, known)} {one.is_manager && <span class="operators-soft">{t("manages it")}</span>}
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
                aria-label={t("Take {person} out of {group}", {
                  person: nameOf(one.person_id, known),
                  group: group.name,
                })}
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
          operators.putMember(never, group.id, idOf(said, known), false).then(() => {
            setSaid("");
            done();
          }, tell);
        }}
      >
        <PersonField label={t("E-mail or id of a person")} value={said} known={known} isNeeded changed={setSaid} />
        <button type="submit" class="button" disabled={idOf(said, known) === ""}>
          {t("Put in")}
        </button>
      </form>
    </>
  );
}
