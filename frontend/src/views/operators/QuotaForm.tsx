/** Ask how much may be used, and by whom. */

import { useId, useState } from "preact/hooks";
import * as operators from "../../api/operators";
import * as api from "../../api/quotas";
import { t } from "../../language/t";
import { messageOf } from "../../state/notices";
import { Bounds, boundsOf, FIRST, textsOf } from "../bounds/Bounds";
import { Dialog } from "../dialog/Dialog";
import { useLive } from "../live";
import { idOf, type Known, PersonField } from "./PersonField";
import { EACH, whose } from "./quota-names";

const never = new AbortController().signal;
const MOST_BOUNDS = 6;
const NAMED = { group: t("A group"), person: t("A person"), key: t("An API key") } as const;
type Named = keyof typeof NAMED;

interface Properties {
  /** Null: one that is new. */
  quota: api.Quota | null;
  known: Known;
  changed: () => void;
  close: () => void;
}

export function QuotaForm({ quota, known, changed, close }: Properties) {
  const [choice, setChoice] = useState("person");
  const [problem, setProblem] = useState("");
  const [said, setSaid] = useState("");
  const [isFree, setFree] = useState(quota?.bounds.length === 0);
  const [bounds, setBounds] = useState(quota?.bounds.length ? boundsOf(quota.bounds) : [FIRST]);
  const named = choice.startsWith("one-") ? (choice.slice(4) as Named) : null;
  const scope = quota?.scope ?? named ?? (choice as api.Scope);
  const subject = quota?.subject ?? (named === "person" ? idOf(said, known) : named ? said.trim() : "");
  const isNeeded = quota === null && named !== null;
  const title = quota === null ? t("Set a quota") : t("Quota: {name}", { name: whose(quota, known) });
  return (
    <Dialog title={title} close={close}>
      <form
        class="operators-form"
        onInput={() => setProblem("")}
        onSubmit={(event) => {
          event.preventDefault();
          setProblem("");
          api.setQuota(never, scope, subject, isFree ? [] : textsOf(bounds)).then(
            () => {
              changed();
              close();
            },
            (error) => setProblem(messageOf(error)),
          );
        }}
      >
        {quota === null && (
          <label>
            {t("For")}
            <select class="field" value={choice} onChange={(event) => setChoice(event.currentTarget.value)}>
              {api.SCOPES.map((one) => (
                <option key={one} value={one}>
                  {EACH[one]}
                </option>
              ))}
              {Object.entries(NAMED).map(([one, label]) => (
                <option key={one} value={`one-${one}`}>
                  {label}
                </option>
              ))}
            </select>
          </label>
        )}
        {isNeeded && named === "person" && (
          <PersonField label={t("E-mail or id of a person")} value={said} known={known} isNeeded changed={setSaid} />
        )}
        {isNeeded && named === "group" && <GroupField value={said} changed={setSaid} />}
        {isNeeded && named === "key" && (
          <label>
            {t("Id of the API key")}
            <input
              class="field"
              required
              maxLength={300}
              autocomplete="off"
              value={said}
              onInput={(event) => setSaid(event.currentTarget.value)}
            />
          </label>
        )}
        <fieldset class="operators-choice">
          <legend>{t("How much may be used")}</legend>
          <label class="operators-check">
            <input type="checkbox" checked={isFree} onChange={() => setFree(!isFree)} /> {t("As much as is asked for")}
          </label>
          {!isFree && <Bounds bounds={bounds} most={MOST_BOUNDS} change={(all) => setBounds([...all])} />}
        </fieldset>
        <p role="alert" class="is-bad">
          {problem}
        </p>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={close}>
            {t("Cancel")}
          </button>
          <button type="submit" class="button is-primary" disabled={isNeeded && subject === ""}>
            {t("Save")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Name a group: those that were made here are offered. */
function GroupField({ value, changed }: { value: string; changed: (said: string) => void }) {
  const { value: groups } = useLive(operators.groups, 0);
  const list = useId();
  return (
    <label>
      {t("Name of a group here, or PROVIDER/NAME")}
      <input
        class="field"
        required
        maxLength={300}
        autocomplete="off"
        list={list}
        value={value}
        onInput={(event) => changed(event.currentTarget.value)}
      />
      <datalist id={list}>
        {groups?.map(({ id, name }) => (
          <option key={id} value={name} />
        ))}
      </datalist>
    </label>
  );
}
