/** Show a question; it can be changed and asked again. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Message } from "../../api/resources";
import { t } from "../../language/t";
import type { Along } from "../../state/along";
import { putBack } from "../../state/attachments";
import { draftAt, setDraftAt, takeBack } from "../../state/drafts";
import type { Outgoing } from "../../state/outgoing";
import { asksOverGone, withoutGone } from "../../state/refusals";
import { ask, discard, isTemporaryHere, openAnswerId, send, thread } from "../../state/thread";
import { AskedAssistant } from "../assistants/AskedAssistant";
import { growWithText } from "../grow";
import { Icon } from "../icons";
import { isComposing } from "../keys";
import { unbroken } from "../unbroken";
import { Sent } from "./Sent";
import { Switcher } from "./Switcher";
import { Time } from "./Time";

interface Properties {
  message: Message;
  siblings: readonly Message[];
  /** Set while the question is on its way, or did not get there. */
  sending: Outgoing | null;
}

export function QuestionView({ message, siblings, sending }: Properties) {
  const [isEditing, setEditing] = useState(draftAt(editOf(message)) !== undefined);
  const attachments = message.asked_with?.attachments ?? [];
  const edit = useRef<HTMLButtonElement>(null);
  const endEditing = () => {
    setDraftAt(editOf(message), "");
    setEditing(false);
    requestAnimationFrame(() => edit.current?.focus());
  };
  const unsend = () => {
    if (!sending) return;
    discard(sending.question);
    takeBack(message.text);
    putBack(alongOf(message));
  };
  return (
    <article id={`message-${message.id}`} tabIndex={-1} class="question" aria-label={t("You asked")}>
      <h2 class="visually-hidden">{t("You asked")}</h2>
      <Sent attachments={attachments} />
      {isEditing ? (
        <Editing message={message} end={endEditing} />
      ) : (
        <p class={`question-text${unbroken(message.text)}`} dir="auto">
          {message.text}
        </p>
      )}
      <AskedAssistant asked={message.asked_with?.assistant} />
      {sending?.problem && (
        <div class="failure" role="alert">
          <Icon name="warn" />
          <p class="failure-text">
            {t("Not sent. {problem}", { problem: sending.problem })}
            {asksOverGone(sending.question) &&
              ` ${t("A collection that it was to search is no longer there for you. “Try again” asks without it.")}`}
          </p>
          <button type="button" class="button" onClick={() => send(withoutGone(sending.question))}>
            {t("Try again")}
          </button>
          <button type="button" class="button" onClick={unsend}>
            {t("Take back")}
          </button>
        </div>
      )}
      {sending && !sending.problem && <p class="question-sending">{t("Sending …")}</p>}
      {!sending && !isEditing && (
        <div class="message-actions">
          <Switcher message={message} siblings={siblings} />
          <Time seconds={message.created_at} />
          <button
            ref={edit}
            type="button"
            class="icon-button"
            aria-label={t("Edit")}
            title={t("Edit")}
            disabled={openAnswerId.value !== null}
            onClick={() => setEditing(true)}
          >
            <Icon name="pencil" size={18} />
          </button>
        </div>
      )}
    </article>
  );
}

/** What went with a question, to go with it again. */
function alongOf({ asked_with, collections }: Message): Along {
  const attachments = asked_with?.attachments ?? [];
  const files = attachments.filter(({ kind }) => kind === "file");
  const filesId = thread.peek().chat?.files_id || null;
  const wasSearched = filesId !== null && (collections.includes(filesId) || files.length > 0);
  return {
    pictures: attachments.filter(({ kind }) => kind === "picture"),
    files,
    filesId: wasSearched ? filesId : null,
  };
}

/** The name under which an edit is kept that was begun. */
const editOf = ({ id }: Message) => `edit ${id}`;

function Editing({ message, end }: { message: Message; end: () => void }) {
  const [text, setText] = useState(draftAt(editOf(message)) ?? message.text);
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(text.length, text.length);
  }, []);
  useLayoutEffect(() => growWithText(field.current), [text]);
  const type = (typed: string) => {
    setText(typed);
    if (!isTemporaryHere.peek()) setDraftAt(editOf(message), typed);
  };
  const submit = () => {
    if (text.trim() === "") return;
    end();
    ask(text.trim(), message.parent_id, alongOf(message));
  };
  const press = (event: KeyboardEvent) => {
    if (isComposing(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape") {
      event.preventDefault();
      end();
    }
  };
  return (
    <div class="editing">
      <textarea
        ref={field}
        class="editing-field"
        aria-label={t("Edited text")}
        dir="auto"
        rows={1}
        value={text}
        onInput={(event) => type(event.currentTarget.value)}
        onKeyDown={press}
      />
      <div class="editing-actions">
        <button type="button" class="button" onClick={end}>
          {t("Cancel")}
        </button>
        <button type="button" class="button is-primary" disabled={text.trim() === ""} onClick={submit}>
          {t("Ask again")}
        </button>
      </div>
    </div>
  );
}
