/** Say what models are told with each question of one chat. */

import { useState } from "preact/hooks";
import type { Chat } from "../../api/resources";
import { t } from "../../language/t";
import { instruct } from "../../state/chats";
import { changeChat } from "../../state/threads";
import { Dialog } from "../dialog/Dialog";

export function ChatInstructions({ chat, close }: { chat: Chat; close: () => void }) {
  const [text, setText] = useState(chat.instructions);
  const submit = async (event: Event) => {
    event.preventDefault();
    const changed = await instruct(chat, text);
    if (changed === null) return;
    changeChat(changed);
    close();
  };
  return (
    <Dialog title={t("Instructions for this chat")} close={close}>
      <form onSubmit={submit}>
        <label class="label" for="chat-instructions">
          {t("What models are told with each question here, after your instructions for all chats")}
        </label>
        <textarea
          id="chat-instructions"
          class="field"
          rows={5}
          maxLength={8000}
          dir="auto"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <div class="dialog-actions">
          <button type="button" class="button" onClick={close}>
            {t("Cancel")}
          </button>
          <button type="submit" class="button is-primary">
            {t("Save")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
