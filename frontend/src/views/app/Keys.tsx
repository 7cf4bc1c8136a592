/** Name the keys that work everywhere. */

import { signal } from "@preact/signals";
import { Dialog } from "../dialog/Dialog";
import { isApple } from "../keys";

export const areKeysShown = signal(false);

const control = isApple ? "⌘" : "Ctrl";
const keys: readonly (readonly [string, readonly string[]])[] = [
  ["Search chats", [control, "K"]],
  ["New chat", [control, "Shift", "O"]],
  ["Copy the last answer", [control, "Shift", ";"]],
  ["Go to the question", ["Shift", "Esc"]],
  ["Send", ["Enter"]],
  ["New line", ["Shift", "Enter"]],
  ["Stop the answer, or close what is open", ["Esc"]],
  ["Show these keys", [control, "/"]],
];

export function Keys() {
  if (!areKeysShown.value) return null;
  const close = () => {
    areKeysShown.value = false;
  };
  return (
    <Dialog title="Keys" close={close}>
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
          Close
        </button>
      </div>
    </Dialog>
  );
}
