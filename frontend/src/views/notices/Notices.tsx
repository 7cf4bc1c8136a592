/** Show the notices that come and go. */

import { t } from "../../language/t";
import { dismiss, notices } from "../../state/notices";
import { Icon } from "../icons";
import "./notices.css";

export function Notices() {
  return (
    <div class="notices" role="status">
      {notices.value.map(({ id, text, isFault, action }) => (
        <div key={id} class={`notice ${isFault ? "is-fault" : ""}`}>
          {isFault && <Icon name="warn" />}
          <span class="notice-text" dir="auto">
            {text}
          </span>
          {action && (
            <button
              type="button"
              class="notice-action"
              onClick={() => {
                action.run();
                dismiss(id);
              }}
            >
              {action.label}
            </button>
          )}
          <button type="button" class="icon-button" aria-label={t("Dismiss")} onClick={() => dismiss(id)}>
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
    </div>
  );
}
