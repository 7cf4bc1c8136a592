/** Take the next question, with the model and the collections that it is for. */

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { draft, setDraft } from "../../state/drafts";
import { dequeue, enqueue, queued } from "../../state/queue";
import { route } from "../../state/route";
import { me } from "../../state/session";
import { ask, isSending, openAnswerId, stopOpenAnswer, thread } from "../../state/thread";
import { picked } from "../../state/uploads";
import { growWithText } from "../grow";
import { Icon, StopIcon } from "../icons";
import { isComposing } from "../keys";
import { loadRenderer } from "../markdown/loading";
import { CollectionsPicker } from "./CollectionsPicker";
import "./composer.css";
import { ModelPicker } from "./ModelPicker";
import { QuotaNote } from "./QuotaNote";
import { WayNote } from "./WayNote";

export function Composer() {
  const field = useRef<HTMLTextAreaElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const text = draft.value;
  const isOpen = openAnswerId.value !== null;
  const isReady = thread.value.isLoaded && thread.value.problem === null && !isSending.value;
  const limit = me.value?.limits.question_characters ?? 32_000;
  const isTooLong = text.length > limit;
  const hasText = text.trim() !== "" && !isTooLong;
  const canSend = isReady && !isOpen && hasText;

  const chatId = route.value.page === "chat" ? route.value.chatId : null;
  useEffect(() => {
    if (matchMedia("(pointer: fine)").matches) field.current?.focus(); // on a phone the keyboard would hide the chat
  }, [chatId]);
  useLayoutEffect(() => growWithText(field.current), [text]);

  const submit = () => {
    if (!canSend && !(isOpen && hasText)) return;
    setDraft("");
    if (canSend) ask(text.trim());
    else enqueue(text.trim());
    field.current?.focus();
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    submit();
  };
  const paste = (event: ClipboardEvent) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (pasted.length === 0 || event.clipboardData?.types.includes("text/plain")) return; // a table is text, too
    event.preventDefault();
    picked.value = pasted;
  };
  const pick = (input: HTMLInputElement) => {
    picked.value = [...(input.files ?? [])];
    input.value = "";
  };
  return (
    <form
      class="composer"
      aria-label="Ask"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Queue />
      <div class="composer-box">
        <textarea
          ref={field}
          id="question"
          class="composer-field"
          aria-label="Question"
          placeholder={placeholderOf(chatId, isOpen)}
          dir="auto"
          rows={1}
          enterkeyhint="send"
          value={text}
          onInput={(event) => {
            setDraft(event.currentTarget.value);
            loadRenderer(); // the answer will need it
          }}
          onKeyDown={press}
          onPaste={paste}
        />
        <div class="composer-tools">
          <button
            type="button"
            class="icon-button"
            aria-label="Upload"
            title="Add documents"
            onClick={() => files.current?.click()}
          >
            <Icon name="plus" />
          </button>
          <input ref={files} type="file" multiple hidden onChange={(event) => pick(event.currentTarget)} />
          <CollectionsPicker />
          <ModelPicker />
          {isTooLong && (
            <span class="composer-limit" role="alert">
              {text.length - limit} characters too many
            </span>
          )}
          {isOpen ? (
            <button type="button" class="composer-send" aria-label="Stop" title="Stop (Esc)" onClick={stopOpenAnswer}>
              <StopIcon />
            </button>
          ) : (
            <button type="submit" class="composer-send" aria-label="Send" title="Send (Enter)" disabled={!canSend}>
              <Icon name="send" />
            </button>
          )}
        </div>
      </div>
      <WayNote />
      <QuotaNote />
    </form>
  );
}

const placeholderOf = (chatId: string | null, isOpen: boolean) =>
  isOpen ? "Ask what comes next" : chatId === null ? "Ask a question" : "Ask a follow-up";

/** What was asked while an answer is being written, and waits for its end. */
function Queue() {
  if (queued.value.length === 0) return null;
  return (
    <ol class="queue" aria-label="Asked next">
      {queued.value.map((text, index) => (
        <li key={`${index} ${text}`} class="queue-item">
          <span class="queue-text" dir="auto">
            {text}
          </span>
          <button
            type="button"
            class="icon-button"
            aria-label={`Take back: ${text.slice(0, 80)}`}
            title="Take back"
            onClick={() => dequeue(index)}
          >
            <Icon name="close" size={16} />
          </button>
        </li>
      ))}
    </ol>
  );
}
