/** Write one's prompts, and what models are told with each question. */

import { useEffect, useState } from "preact/hooks";
import type { Prompt } from "../../api/resources";
import {
  areWordsShown,
  instructions,
  keepInstructions,
  keepPrompt,
  loadPrompts,
  prompts,
  removePrompt,
} from "../../state/prompts";
import { Dialog } from "../dialog/Dialog";
import { Icon } from "../icons";
import "./words.css";

export function Words() {
  const [edited, setEdited] = useState<Prompt | null>(null);
  const [told, setTold] = useState("");
  useEffect(() => {
    loadPrompts();
  }, []);
  const close = () => {
    areWordsShown.value = null;
  };
  const keepTold = async (event: Event) => {
    event.preventDefault();
    const text = (document.getElementById("instructions") as HTMLTextAreaElement).value;
    setTold((await keepInstructions(text)) ? "Saved. The next question is asked with it." : "");
  };
  return (
    <Dialog title="Prompts and instructions" close={close}>
      <form class="words-part" onSubmit={keepTold}>
        <label class="label" for="instructions">
          Instructions for all chats
        </label>
        <textarea
          id="instructions"
          class="field"
          rows={4}
          maxLength={8000}
          placeholder="What models are told with each of your questions: who you are, how answers should be"
          defaultValue={instructions.value}
          dir="auto"
        />
        <div class="words-actions">
          <span role="status">{told}</span>
          <button type="submit" class="button">
            Save
          </button>
        </div>
      </form>
      <section class="words-part">
        <h3 class="label">Prompts</h3>
        <p class="words-about">Type / in the question to use one.</p>
        <ul class="words-list" aria-label="Prompts">
          {(prompts.value ?? []).map((one) => (
            <li key={one.id}>
              <span class="words-name" dir="auto">
                {one.name}
              </span>
              <button
                type="button"
                class="icon-button"
                aria-label={`Change ${one.name}`}
                onClick={() => setEdited(one)}
              >
                <Icon name="pencil" size={18} />
              </button>
              <button
                type="button"
                class="icon-button"
                aria-label={`Delete ${one.name}`}
                onClick={() => removePrompt(one.id)}
              >
                <Icon name="bin" size={18} />
              </button>
            </li>
          ))}
        </ul>
        <PromptForm key={edited?.id ?? "new"} prompt={edited} over={() => setEdited(null)} />
      </section>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

function PromptForm({ prompt, over }: { prompt: Prompt | null; over: () => void }) {
  const [name, setName] = useState(prompt?.name ?? "");
  const [text, setText] = useState(prompt?.text ?? areWordsShown.peek()?.draft ?? "");
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!(await keepPrompt(prompt?.id ?? null, name, text))) return;
    setName("");
    setText("");
    over();
  };
  return (
    <form class="words-form" aria-label={prompt ? "Change the prompt" : "New prompt"} onSubmit={submit}>
      <label class="label" for="prompt-name">
        Name
      </label>
      <input
        id="prompt-name"
        class="field"
        required
        maxLength={100}
        value={name}
        dir="auto"
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <label class="label" for="prompt-text">
        Text
      </label>
      <textarea
        id="prompt-text"
        class="field"
        required
        rows={3}
        maxLength={32000}
        value={text}
        dir="auto"
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <div class="words-actions">
        {prompt && (
          <button type="button" class="button" onClick={over}>
            Cancel
          </button>
        )}
        <button type="submit" class="button">
          {prompt ? "Save the prompt" : "Add the prompt"}
        </button>
      </div>
    </form>
  );
}
