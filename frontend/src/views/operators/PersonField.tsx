/** Name a person by the e-mail of an account, or by an id; an e-mail that nobody has names nobody. */

import { useEffect, useId, useRef, useState } from "preact/hooks";
import * as people from "../../api/people";
import { t } from "../../language/t";

/** Whom a page knows; null where accounts can't be listed, and there are only ids; undefined until that is clear. */
export type Known = readonly people.KnownPerson[] | null | undefined;

interface Properties {
  label: string;
  value: string;
  known: Known;
  isNeeded?: boolean;
  changed: (said: string) => void;
}

/** Whom this page knows by e-mail. */
export function useKnown(): Known {
  const [known, setKnown] = useState<Known>(undefined);
  useEffect(() => {
    const leaving = new AbortController();
    people.people(leaving.signal).then(setKnown, () => {
      if (!leaving.signal.aborted) setKnown(null);
    });
    return () => leaving.abort();
  }, []);
  return known;
}

/** The id of whom is meant; "" where that can be nobody: an id that is none would be taken for somebody who is new. */
export function idOf(said: string, known: Known): string {
  const name = said.trim();
  const isEmail = (one: people.KnownPerson) => one.email.toLowerCase() === name.toLowerCase();
  const found = name === "" ? undefined : known?.find((one) => one.id === name || isEmail(one));
  if (found !== undefined) return found.id;
  const isMistaken = name.includes("@") && known !== null && !known?.some(({ id }) => id.includes("@"));
  return isMistaken ? "" : name;
}

/** What a person is called, as far as that is known. */
export function nameOf(id: string, known: Known): string {
  const person = known?.find((one) => one.id === id);
  return person?.name || person?.email || id;
}

/** The same with the e-mail: names alone may be the same. */
export function fullNameOf(id: string, known: Known): string {
  const email = known?.find((one) => one.id === id)?.email;
  return [...new Set([nameOf(id, known), email])].filter(Boolean).join(" · ");
}

export function PersonField({ label, value, known, isNeeded = false, changed }: Properties) {
  const list = useId();
  const field = useRef<HTMLInputElement>(null);
  const problem =
    known !== undefined && value.trim() !== "" && idOf(value, known) === "" ? t("Nobody here has this e-mail.") : "";
  useEffect(() => field.current?.setCustomValidity(problem), [problem]);
  return (
    <label>
      {label}
      <input
        ref={field}
        class="field"
        value={value}
        required={isNeeded}
        autocomplete="off"
        list={list}
        aria-invalid={problem !== ""}
        onInput={(event) => changed(event.currentTarget.value)}
      />
      <span role="status" class="is-bad">
        {problem}
      </span>
      <datalist id={list}>
        {known?.map((one) => (
          <option key={one.id} value={one.email || one.id}>
            {one.name}
          </option>
        ))}
      </datalist>
    </label>
  );
}
