/** Show the notices that come and go, and have the announcements said: in the topmost dialog, where one is open. */

import { t } from "../../language/t";
import { announcements, dialogs, dismiss, type Notice, notices } from "../../state/notices";
import { Icon } from "../icons";
import "./notices.css";

export function Notices({ dialog }: { dialog?: string }) {
  if (dialogs.value.at(-1) !== dialog) return null;
  return (
    <>
      <div class="notices" role="status">
        {notices.value.map((notice) => (
          <Shown key={notice.id} notice={notice} />
        ))}
      </div>
      <div class="visually-hidden" role="status" aria-live="polite" aria-atomic="false">
        {announcements.value.map(({ id, text }) => (
          <p key={id}>{text}</p>
        ))}
      </div>
    </>
  );
}

function Shown({ notice: { id, text, isFault, action } }: { notice: Notice }) {
  return (
    <div class={`notice ${isFault ? "is-fault" : ""}`}>
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
  );
}
