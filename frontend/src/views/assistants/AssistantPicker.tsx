/** Show the assistant that is asked, in the place of the model and the collections, and let it be changed. */

import { useEffect, useId } from "preact/hooks";
import { t } from "../../language/t";
import {
  areAssistantsShown,
  assistant,
  assistantId,
  assistants,
  chooseAssistant,
  isAssistantGone,
  loadAssistants,
  offered,
} from "../../state/assistants";
import { outgoing } from "../../state/outgoing";
import { usePopover } from "../composer/popover";
import { Icon } from "../icons";
import "./assistants.css";
import { aboutLeftOut } from "./leftOut";

export function AssistantPicker() {
  const { isOpen, setOpen, root, button, press } = usePopover("input");
  const list = useId();
  const isRefused = [...outgoing.value.values()].some(({ problem }) => problem !== null);
  useEffect(() => {
    if (assistants.peek() === null || isRefused) loadAssistants(); // it may have been withdrawn
  }, [isRefused]);
  const take = (id: string | null) => {
    chooseAssistant(id);
    setOpen(false);
    document.getElementById("question")?.focus();
  };
  const label = assistant.value?.name ?? (isAssistantGone.value ? t("Assistant not there") : "…");
  return (
    <span class="picker" ref={root} onKeyDown={press}>
      <button
        ref={button}
        type="button"
        class="pill is-on"
        aria-label={t("Assistant: {label}", { label })}
        aria-expanded={isOpen}
        aria-controls={isOpen ? list : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="assistant" size={18} />
        <span class="pill-text" dir="auto">
          {label}
        </span>
      </button>
      {isOpen && (
        <div id={list} class="picker-list" role="radiogroup" aria-label={t("Assistant")}>
          {[{ id: null, name: t("No assistant") }, ...offered.value].map(({ id, name }) => (
            <label key={id} class="picker-item">
              <input type="radio" name={list} checked={id === assistantId.value} onClick={() => take(id)} />
              <span class="picker-name" dir="auto">
                {name}
              </span>
            </label>
          ))}
          <div class="picker-foot">
            <button
              type="button"
              onClick={() => {
                setOpen(false);
                areAssistantsShown.value = true;
              }}
            >
              {t("Assistants …")}
            </button>
          </div>
        </div>
      )}
    </span>
  );
}

/** What is to be known of the assistant that is asked: who answers, what is left out, or that it is gone. */
export function AssistantNote() {
  if (isAssistantGone.value)
    return (
      <p class="composer-note" role="status">
        {t("The assistant of this chat was deleted, or is not shared with you any more. The chat stays.")}{" "}
        <button type="button" class="assistant-leave" onClick={() => chooseAssistant(null)}>
          {t("Go on without it")}
        </button>
      </p>
    );
  const one = assistant.value;
  if (one === null) return <p class="composer-note">{"\u00a0"}</p>;
  return (
    <p class="composer-note" role="status">
      {aboutLeftOut(one) ?? t("{name} answers, as its instructions say. Check what matters.", { name: one.name })}
    </p>
  );
}
