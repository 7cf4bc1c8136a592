/** Name the keys that work everywhere. */

import { signal } from "@preact/signals";
import { t } from "../../language/t";
import { Dialog } from "../dialog/Dialog";
import { isApple } from "../keys";

export const areKeysShown = signal(false);

const control = isApple ? "⌘" : "Ctrl";
const keys: readonly (readonly [string, readonly string[]])[] = [
  [t("Search chats"), [control, "K"]],
  [t("Search documents and chats"), [control, "Shift", "F"]],
  [t("New chat"), [control, "Shift", "O"]],
  [t("Copy the last answer"), [control, "Shift", ";"]],
  [t("Go to the question"), ["Shift", "Esc"]],
  [t("Send"), ["Enter"]],
  [t("New line"), ["Shift", "Enter"]],
  [t("Stop the answer, or close what is open"), ["Esc"]],
  [t("Show these keys"), [control, "/"]],
];

export function Keys() {
  if (!areKeysShown.value) return null;
  const close = () => {
    areKeysShown.value = false;
  };
  return (
    <Dialog title={t("Keys")} close={close}>
      <dl class="keys">
        {keys.map(([what, pressed]) => (
          <div key={what} class="keys-row">
            <dt>{what}</dt>
            <dd>
              {pressed.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          {t("Close")}
        </button>
      </div>
    </Dialog>
  );
}
