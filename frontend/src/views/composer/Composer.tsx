/** Take the next question, with the model and the collections that it is for. */

import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { plural, t } from "../../language/t";
import { assistant, assistantId } from "../../state/assistants";
import { attach, isSendingFiles, pictureProblem, takeAlong } from "../../state/attachments";
import { isUndecided } from "../../state/beside";
import { canDictate, isDictating, startDictating, stopDictating } from "../../state/dictating";
import { draft, setDraft } from "../../state/drafts";
import { dequeue, enqueue, queued } from "../../state/queue";
import { route } from "../../state/route";
import { me } from "../../state/session";
import { ask, isSending, isTemporaryHere, openAnswerId, stopOpenAnswer, thread } from "../../state/thread";
import { isTemporaryNext } from "../../state/wish";
import { AssistantNote, AssistantPicker } from "../assistants/AssistantPicker";
import { growWithText } from "../grow";
import { Icon, StopIcon } from "../icons";
import { isComposing } from "../keys";
import { loadRenderer } from "../markdown/loading";
import { Attachments } from "./Attachments";
import { CollectionsPicker } from "./CollectionsPicker";
import "./composer.css";
import { ModelPicker, SecondPicker } from "./ModelPicker";
import { Options } from "./Options";
import { prepare, type Suggestion, suggestionsFor, type Typed, typedBefore } from "./offers";
import { QuotaNote } from "./QuotaNote";
import { optionId, Suggestions } from "./Suggestions";
import { WayNote } from "./WayNote";

export function Composer() {
  const field = useRef<HTMLTextAreaElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const list = useId();
  const [typed, setTyped] = useState<Typed | null>(null);
  const [at, setAt] = useState(0);
  const offered = typed === null ? [] : suggestionsFor(typed);
  const text = draft.value;
  const isOpen = openAnswerId.value !== null;
  const isReady = thread.value.isLoaded && thread.value.problem === null && !isSending.value;
  const limit = me.value?.limits.question_characters ?? 32_000;
  const isTooLong = text.length > limit;
  const hasText = text.trim() !== "" && !isTooLong && !isSendingFiles.value && pictureProblem.value === null;
  const mustWait = isOpen || isUndecided.value;
  const canSend = isReady && !mustWait && hasText;

  const chatId = route.value.page === "chat" ? route.value.chatId : null;
  useEffect(() => {
    if (matchMedia("(pointer: fine)").matches) field.current?.focus(); // on a phone the keyboard would hide the chat
  }, [chatId]);
  useLayoutEffect(() => growWithText(field.current), [text]);

  const submit = () => {
    if (!canSend && !(mustWait && hasText)) return;
    const along = takeAlong();
    stopDictating();
    setDraft("");
    setTyped(null);
    if (canSend) ask(text.trim(), undefined, along);
    else enqueue(text.trim(), along);
    field.current?.focus();
  };
  const look = ({ value, selectionStart }: HTMLTextAreaElement) => {
    const now = typedBefore(value, selectionStart);
    if (now !== null) prepare(now);
    setTyped(now);
    setAt(0);
  };
  const choose = (suggestion: Suggestion) => {
    if (typed === null) return;
    const end = typed.begin + 1 + typed.words.length;
    const put = suggestion.take();
    setDraft(text.slice(0, typed.begin) + put + text.slice(end));
    setTyped(null);
    const caret = typed.begin + put.length;
    requestAnimationFrame(() => field.current?.setSelectionRange(caret, caret));
  };
  const press = (event: KeyboardEvent) => {
    if (offered.length > 0 && !isComposing(event)) {
      const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
      const here = offered[at];
      if (step !== 0) setAt((at + step + offered.length) % offered.length);
      else if (event.key === "Escape") setTyped(null);
      else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && here) choose(here);
      if (step !== 0 || ["Escape", "Enter", "Tab"].includes(event.key)) {
        event.preventDefault();
        return;
      }
    }
    if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    submit();
  };
  const paste = (event: ClipboardEvent) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (pasted.length === 0 || event.clipboardData?.types.includes("text/plain")) return; // a table is text, too
    event.preventDefault();
    attach(pasted);
  };
  const pick = (input: HTMLInputElement) => {
    attach([...(input.files ?? [])]);
    input.value = "";
  };
  return (
    <form
      class="composer"
      aria-label={t("Ask")}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Queue />
      <TemporaryNote />
      {offered.length > 0 && <Suggestions id={list} offered={offered} at={at} choose={choose} />}
      <div class="composer-box">
        <Attachments />
        <textarea
          ref={field}
          id="question"
          class="composer-field"
          aria-label={t("Question")}
          placeholder={placeholderOf(chatId)}
          dir="auto"
          rows={1}
          enterkeyhint="send"
          value={text}
          aria-autocomplete="list"
          aria-controls={offered.length > 0 ? list : undefined}
          aria-activedescendant={offered.length > 0 ? optionId(list, at) : undefined}
          onBlur={() => setTyped(null)}
          onInput={(event) => {
            setDraft(event.currentTarget.value);
            look(event.currentTarget);
            loadRenderer(); // the answer will need it
          }}
          onKeyDown={press}
          onPaste={paste}
        />
        <div class="composer-tools">
          <button
            type="button"
            class="icon-button"
            aria-label={t("Attach")}
            title={t("Attach pictures and files to the question")}
            onClick={() => files.current?.click()}
          >
            <Icon name="plus" />
          </button>
          <input
            ref={files}
            type="file"
            name="attached"
            multiple
            hidden
            onChange={(event) => pick(event.currentTarget)}
          />
          <Dictate />
          {assistantId.value === null ? <CollectionsPicker /> : <AssistantPicker />}
          {(assistantId.value === null || assistant.value?.lacks_model) && <ModelPicker />}
          <SecondPicker />
          <Options />
          {isTooLong && (
            <span class="composer-limit" role="alert">
              {plural(text.length - limit, "{count} character too many", "{count} characters too many")}
            </span>
          )}
          {isOpen ? (
            <button
              type="button"
              class="composer-send"
              aria-label={t("Stop")}
              title={t("Stop (Esc)")}
              onClick={stopOpenAnswer}
            >
              <StopIcon />
            </button>
          ) : (
            <button
              type="submit"
              class="composer-send"
              aria-label={t("Send")}
              title={t("Send (Enter)")}
              disabled={!canSend && !(isUndecided.value && hasText)}
            >
              <Icon name="send" />
            </button>
          )}
        </div>
      </div>
      {assistantId.value === null ? <WayNote /> : <AssistantNote />}
      <QuotaNote />
    </form>
  );
}

/** Speech instead of typing, where the browser can turn it into text. */
function Dictate() {
  if (!canDictate) return null;
  const label = isDictating.value ? t("Stop dictating") : t("Dictate");
  const about = t("Your browser turns speech into text; it may send what you say to its maker.");
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      aria-pressed={isDictating.value}
      title={`${label}. ${about}`}
      onClick={isDictating.value ? stopDictating : startDictating}
    >
      <Icon name="microphone" />
    </button>
  );
}

function placeholderOf(chatId: string | null): string {
  if (isUndecided.value) return t("Keep one of the answers to go on");
  if (openAnswerId.value !== null) return t("Ask what comes next");
  return chatId === null ? t("Ask a question") : t("Ask a follow-up");
}

function TemporaryNote() {
  if (!isTemporaryHere.value && !(isTemporaryNext.value && thread.value.chat === null)) return null;
  return (
    <p class="temporary-note">{t("Temporary chat: it is listed and found nowhere, and deleted when you leave it.")}</p>
  );
}

/** What was asked while an answer is being written, and waits for its end. */
function Queue() {
  if (queued.value.length === 0) return null;
  return (
    <ol class="queue" aria-label={t("Asked next")}>
      {queued.value.map(({ text, along }, index) => (
        <li key={`${index} ${text}`} class="queue-item">
          <span class="queue-text" dir="auto">
            {text}
            {along.pictures.length + along.files.length > 0 &&
              plural(along.pictures.length + along.files.length, " (with {count} file)", " (with {count} files)")}
          </span>
          <button
            type="button"
            class="icon-button"
            aria-label={t("Take back: {text}", { text: text.slice(0, 80) })}
            title={t("Take back")}
            onClick={() => dequeue(index)}
          >
            <Icon name="close" size={16} />
          </button>
        </li>
      ))}
    </ol>
  );
}
