/** Show what is shown this once, with a button that copies it. */

import type { ComponentChildren } from "preact";
import { t } from "../../language/t";
import { announce } from "../../state/notices";
import { copyText } from "../copy";
import { Dialog } from "./Dialog";

interface Properties {
  title: string;
  /** What is copied. */
  text: string;
  close: () => void;
  children: ComponentChildren;
}

/** Copy a text, and say whether that went well. */
export async function copyAloud(text: string): Promise<void> {
  announce((await copyText(text)) ? t("Copied") : t("The browser did not allow copying"));
}

export function CopyDialog({ title, text, close, children }: Properties) {
  return (
    <Dialog title={title} close={close}>
      {children}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={() => copyAloud(text)}>
          {t("Copy")}
        </button>
        <button type="button" class="button is-primary" onClick={close}>
          {t("Done")}
        </button>
      </div>
    </Dialog>
  );
}

/** A text on one line, which is selected as a whole. */
export function CopyField({ label, text, kind = "" }: { label: string; text: string; kind?: string }) {
  const select = (event: FocusEvent) => (event.currentTarget as HTMLInputElement).select();
  return <input class={`field ${kind}`} aria-label={label} readOnly value={text} onFocus={select} />;
}
