/** Fields of a form, what went wrong with it, and how it is sent. */

import type { Ref } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

interface FieldProperties {
  label: string;
  name: string;
  type: "email" | "password" | "text";
  autocomplete: string;
  value?: string;
  hint?: string;
  isOptional?: boolean;
  inputMode?: "numeric";
  minLength?: number;
  inputRef?: Ref<HTMLInputElement>;
}

export function Field(field: FieldProperties) {
  const id = useId();
  return (
    <div class="form-field">
      <label for={id}>{field.label}</label>
      <input
        id={id}
        ref={field.inputRef ?? null}
        class="field"
        name={field.name}
        type={field.type as "text"}
        autocomplete={field.autocomplete}
        defaultValue={field.value ?? ""}
        required={!field.isOptional}
        {...(field.minLength === undefined ? {} : { minLength: field.minLength })}
        {...(field.inputMode === undefined ? {} : { inputMode: field.inputMode })}
        aria-describedby={field.hint ? `${id}-hint` : undefined}
      />
      {field.hint && (
        <p id={`${id}-hint`} class="form-hint">
          {field.hint}
        </p>
      )}
    </div>
  );
}

export function FormProblem({ text }: { text: string }) {
  return (
    <div role="alert" class="form-problem">
      {text}
    </div>
  );
}

/** Send a form's values, with the value of the button that was pressed; only once at a time, and not any more when the form is gone. */
export function useSubmit(
  send: (signal: AbortSignal, values: Record<string, string>, button: string) => Promise<void>,
) {
  const [problem, setProblem] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const leaving = useRef(new AbortController());
  useEffect(() => {
    leaving.current = new AbortController();
    return () => leaving.current.abort();
  }, []);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (isBusy) return;
    const form = event.currentTarget as HTMLFormElement;
    const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    const { signal } = leaving.current;
    setIsBusy(true);
    setProblem("");
    send(signal, values, (event.submitter as HTMLButtonElement | null)?.value ?? "")
      .catch((error: unknown) => {
        if (!signal.aborted) setProblem(error instanceof Error ? error.message : String(error));
      })
      .finally(() => {
        if (!signal.aborted) setIsBusy(false);
      });
  };
  return { submit, problem, isBusy };
}
