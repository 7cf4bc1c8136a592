/** Name somebody to share with by their id: who shares can't look up who is here, and an e-mail names nobody. */

import { useEffect, useId, useRef } from "preact/hooks";
import { t } from "../../language/t";
import { me } from "../../state/session";
import "./library.css";

/** What is wrong with what was written for an id; "" where it may be one. */
export function problemOfId(said: string, ownId: string): string {
  const isEmail = said.includes("@") && !ownId.includes("@");
  return isEmail ? t("This is an e-mail address. Ask them for their id: it stands under “Your account”.") : "";
}

interface Properties {
  value: string;
  isNeeded?: boolean;
  changed: (said: string) => void;
}

export function PersonId({ value, isNeeded = false, changed }: Properties) {
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const ownId = me.value?.person.id ?? "";
  const problem = problemOfId(value, ownId);
  useEffect(() => field.current?.setCustomValidity(problem), [problem]);
  return (
    <>
      <label class="label" for={id}>
        {t("Their id")}
      </label>
      <input
        ref={field}
        id={id}
        class="field"
        required={isNeeded}
        maxLength={250}
        autocomplete="off"
        value={value}
        aria-invalid={problem !== ""}
        aria-describedby={`${id}-note`}
        onInput={(event) => changed(event.currentTarget.value)}
      />
      <p id={`${id}-note`} class="sharing-note" role="status">
        {problem || t("Yours, to tell others, is {id}.", { id: ownId || t("not known yet") })}
      </p>
    </>
  );
}
