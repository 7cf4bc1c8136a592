/** Greet in an empty chat, and offer questions that can be asked at once. */

import { t } from "../../language/t";
import { assistant } from "../../state/assistants";
import { chosenCollections, collections, guide } from "../../state/library";
import { model, models } from "../../state/models";
import { ask } from "../../state/thread";
import { AssistantsToAsk, AssistantWelcome } from "../assistants/AssistantsToAsk";

const aboutHubbub = [
  t("What can you do?"),
  t("How do I ask about my own documents?"),
  t("What happens when many people ask at once?"),
  t("How can I check where an answer comes from?"),
];
const general = [
  t("Explain how a bill becomes a law"),
  t("Draft a friendly reminder about an unpaid invoice"),
  t("Give me three ideas for a rainy afternoon"),
  t("What is the difference between a process and a thread?"),
];

export function Welcome() {
  const [only, ...others] = chosenCollections.value;
  const isAboutHubbub = only !== undefined && only === guide.value?.id && others.length === 0;
  const examples = isAboutHubbub ? aboutHubbub : model.value && only === undefined ? general : [];
  if (assistant.value !== null) return <AssistantWelcome assistant={assistant.value} />;
  return (
    <div class="welcome">
      <h2 class="welcome-title">
        {isAboutHubbub ? t("What would you like to know about Hubbub?") : t("What would you like to know?")}
      </h2>
      <p class="welcome-text">
        {isAboutHubbub
          ? t("Answers come from its guide, and each shows the place.")
          : t("Ask anything, or search your documents and see where each answer comes from.")}
      </p>
      {models.value !== null && collections.value !== null && examples.length > 0 && (
        <ul class="welcome-examples" aria-label={t("Example questions")}>
          {examples.map((question) => (
            <li key={question}>
              <button type="button" class="example" onClick={() => ask(question)}>
                {question}
              </button>
            </li>
          ))}
        </ul>
      )}
      <AssistantsToAsk />
    </div>
  );
}
