/** Offer the assistants in an empty chat, or greet as the one that was chosen. */

import { useEffect } from "preact/hooks";
import type { Assistant } from "../../api/assistants";
import { t } from "../../language/t";
import { assistants, chooseAssistant, loadAssistants, offered } from "../../state/assistants";
import { me } from "../../state/session";
import { ask } from "../../state/thread";
import { focusOn } from "../focus";
import { Icon } from "../icons";
import "./assistants.css";

const MOST = 6;

export function AssistantsToAsk() {
  const isKnown = me.value !== null; // who asks
  useEffect(() => {
    if (isKnown && assistants.peek() === null) loadAssistants();
  }, [isKnown]);
  if (offered.value.length === 0) return null;
  return (
    <ul class="welcome-examples assistants-offered" aria-label={t("Assistants")}>
      {offered.value.slice(0, MOST).map(({ id, name, description }) => (
        <li key={id}>
          <button
            type="button"
            class="example"
            title={description}
            onClick={() => {
              chooseAssistant(id);
              focusOn("#question");
            }}
          >
            <Icon name="assistant" size={16} /> <span dir="auto">{name}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

export function AssistantWelcome({ assistant }: { assistant: Assistant }) {
  return (
    <div class="welcome">
      <h2 class="welcome-title" dir="auto">
        {assistant.name}
      </h2>
      {assistant.description && (
        <p class="welcome-text" dir="auto">
          {assistant.description}
        </p>
      )}
      {assistant.is_askable && assistant.starters.length > 0 && (
        <ul class="welcome-examples" aria-label={t("Example questions")}>
          {assistant.starters.map((question) => (
            <li key={question}>
              <button type="button" class="example" dir="auto" onClick={() => ask(question)}>
                {question}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
