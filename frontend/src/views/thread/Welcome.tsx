/** Greet in an empty chat, and offer questions that can be asked at once. */

import { chooseCollections, chosenCollections, collections } from "../../state/library";
import { model, models } from "../../state/models";
import { ask } from "../../state/thread";

const OWN = "Hubbub";
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
  const own = collections.value?.find(({ name, is_shared }) => name === OWN && is_shared);
  const examples = own ? aboutHubbub : model.value ? general : [];
  const start = (question: string) => {
    if (own && !chosenCollections.peek().includes(own.id)) {
      chooseCollections([...chosenCollections.peek(), own.id], { isRemembered: false });
    }
    ask(question);
  };
  return (
    <div class="welcome">
      <h2 class="welcome-title">What would you like to know?</h2>
      <p class="welcome-text">Ask anything, or search your documents and see where each answer comes from.</p>
      {models.value !== null && collections.value !== null && examples.length > 0 && (
        <ul class="welcome-examples" aria-label="Example questions">
          {examples.map((question) => (
            <li key={question}>
              <button type="button" class="example" onClick={() => start(question)}>
                {question}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
