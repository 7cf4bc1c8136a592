/** Ask something that has to be settled first; the browser's own dialog keeps the focus. */

import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { t } from "../../language/t";
import { dialogs } from "../../state/notices";
import { Notices } from "../notices/Notices";
import "./dialog.css";

interface Properties {
  title: string;
  close: () => void;
  children: ComponentChildren;
}

export function Dialog({ title, close, children }: Properties) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isGone = useRef(false);
  const hasTyped = useRef(false);
  const [isWarned, setWarned] = useState(false);
  const name = useId();
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const shown = dialog.current;
    shown?.showModal();
    dialogs.value = [...dialogs.peek(), name];
    return () => {
      isGone.current = true;
      dialogs.value = dialogs.peek().filter((one) => one !== name);
      shown?.close(); // while it is open, nothing outside of it can have the focus
      if (before?.isConnected) before.focus();
    };
  }, []);
  const end = () => {
    if (!isGone.current) close();
  };
  const type = ({ target }: Event) => {
    hasTyped.current ||= target instanceof HTMLTextAreaElement; // what is longer than a name
    setWarned(false);
  };
  const cancel = (event: Event) => {
    if (!hasTyped.current || isWarned || event.target !== dialog.current) return end();
    event.preventDefault();
    setWarned(true);
  };
  const submit = () => {
    hasTyped.current = false;
  };
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={name}
      onClose={end}
      onCancel={cancel}
      onInput={type}
      onSubmit={submit}
    >
      <h2 id={name} class="dialog-title">
        {title}
      </h2>
      {children}
      {isWarned && <p role="alert">{t("What you typed is not saved. Press Esc once more to discard it.")}</p>}
      <Notices dialog={name} />
    </dialog>
  );
}

interface Confirmation {
  title: string;
  text: string;
  action: string;
  confirm: () => void;
  close: () => void;
}

export function Confirm({ title, text, action, confirm, close }: Confirmation) {
  return (
    <Dialog title={title} close={close}>
      <p>{text}</p>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          {t("Cancel")}
        </button>
        <button
          type="button"
          class="button is-danger"
          onClick={() => {
            confirm();
            close();
          }}
        >
          {action}
        </button>
      </div>
    </Dialog>
  );
}
