/** Greet in an empty chat, and offer questions that can be asked at once. */

import { chosenCollections, collections, guide } from "../../state/library";
import { model, models } from "../../state/models";
import { ask } from "../../state/thread";

const aboutHubbub = [
  "What can you do?",
  "How do I ask about my own documents?",
  "What happens when many people ask at once?",
  "How can I check where an answer comes from?",
];
const general = [
  "Explain how a bill becomes a law",
  "Draft a friendly reminder about an unpaid invoice",
  "Give me three ideas for a rainy afternoon",
  "What is the difference between a process and a thread?",
];

export function Welcome() {
  const [only, ...others] = chosenCollections.value;
  const isAboutHubbub = only !== undefined && only === guide.value?.id && others.length === 0;
  const examples = isAboutHubbub ? aboutHubbub : model.value && only === undefined ? general : [];
  return (
    <div class="welcome">
      <h2 class="welcome-title">
        {isAboutHubbub ? "What would you like to know about Hubbub?" : "What would you like to know?"}
      </h2>
      <p class="welcome-text">
        {isAboutHubbub
          ? "Answers come from its guide, and each shows the place."
          : "Ask anything, or search your documents and see where each answer comes from."}
      </p>
      {models.value !== null && collections.value !== null && examples.length > 0 && (
        <ul class="welcome-examples" aria-label="Example questions">
          {examples.map((question) => (
            <li key={question}>
              <button type="button" class="example" onClick={() => ask(question)}>
                {question}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
