/** Name a person by the e-mail of an account, or by an id. */

import { useEffect, useId, useState } from "preact/hooks";
import * as people from "../../api/people";

const never = new AbortController().signal;

interface Properties {
  label: string;
  value: string;
  isNeeded?: boolean;
  /** Called with the id that is meant, or what was written where nobody has this e-mail. */
  changed: (said: string, id: string) => void;
}

export function PersonField({ label, value, isNeeded = false, changed }: Properties) {
  const [known, setKnown] = useState<readonly people.KnownPerson[]>([]);
  const list = useId();
  useEffect(() => {
    people.people(never).then(setKnown, () => setKnown([])); // where nobody can sign in there are only ids
  }, []);
  return (
    <label>
      {label}
      <input
        class="field"
        value={value}
        required={isNeeded}
        autocomplete="off"
        list={list}
        onInput={(event) => {
          const said = event.currentTarget.value;
          changed(said, known.find((one) => one.email === said.trim())?.id ?? said.trim());
        }}
      />
      <datalist id={list}>
        {known.map((one) => (
          <option key={one.id} value={one.email || one.id}>
            {one.name}
          </option>
        ))}
      </datalist>
    </label>
  );
}
