/** Write one's prompts, and what models are told with each question. */

import { useEffect, useState } from "preact/hooks";
import type { Prompt } from "../../api/resources";
import { t } from "../../language/t";
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
import { Sharing } from "../library/Sharing";
import { ThingActions } from "../library/ThingActions";
import { ChangedMeanwhile } from "./ChangedMeanwhile";
import "./words.css";

export function Words() {
  const [edited, setEdited] = useState<Prompt | null>(null);
  const [shared, setShared] = useState<Prompt | null>(null);
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
    setTold((await keepInstructions(text)) ? t("Saved. The next question is asked with it.") : "");
  };
  return (
    <Dialog title={t("Prompts and instructions")} close={close}>
      <form class="words-part" onSubmit={keepTold}>
        <label class="label" for="instructions">
          {t("Instructions for all chats")}
        </label>
        <textarea
          id="instructions"
          class="field"
          rows={4}
          maxLength={8000}
          placeholder={t("What models are told with each of your questions: who you are, how answers should be")}
          defaultValue={instructions.value}
          dir="auto"
        />
        <div class="words-actions">
          <span role="status">{told}</span>
          <button type="submit" class="button">
            {t("Save")}
          </button>
        </div>
      </form>
      <section class="words-part">
        <h3 class="label">{t("Prompts")}</h3>
        <p class="words-about">{t("Type / in the question to use one.")}</p>
        <ul class="words-list" aria-label={t("Prompts")}>
          {(prompts.value ?? []).map((one) => (
            <li key={one.id}>
              <span class="words-name" dir="auto">
                {one.name}
              </span>
              {!one.is_mine && <span class="words-about">{t("Shared with you")}</span>}
              <ThingActions
                thing={one}
                change={() => setEdited(one)}
                share={() => setShared(one)}
                remove={() => removePrompt(one.id)}
              />
            </li>
          ))}
        </ul>
        {shared && <Sharing kind="prompts" thing={shared} close={() => setShared(null)} />}
        <PromptForm
          key={edited ? `${edited.id} ${edited.version}` : "new"}
          prompt={edited}
          edit={setEdited}
          over={() => setEdited(null)}
        />
      </section>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          {t("Close")}
        </button>
      </div>
    </Dialog>
  );
}

interface FormProperties {
  prompt: Prompt | null;
  edit: (prompt: Prompt) => void;
  over: () => void;
}

function PromptForm({ prompt, edit, over }: FormProperties) {
  const [name, setName] = useState(prompt?.name ?? "");
  const [text, setText] = useState(prompt?.text ?? areWordsShown.peek()?.draft ?? "");
  const [theirs, setTheirs] = useState<Prompt | null>(null);
  const keep = async (before: Prompt | null) => {
    const done = await keepPrompt(before, name, text);
    setTheirs(done && "theirs" in done ? done.theirs : null);
    if (!done || "theirs" in done) return;
    setName("");
    setText("");
    over();
  };
  const submit = (event: Event) => {
    event.preventDefault();
    keep(prompt);
  };
  return (
    <form class="words-form" aria-label={prompt ? t("Change the prompt") : t("New prompt")} onSubmit={submit}>
      {theirs && (
        <ChangedMeanwhile
          key={theirs.version}
          name={theirs.name}
          text={theirs.text}
          keepMine={() => keep(theirs)}
          takeTheirs={() => edit(theirs)}
        />
      )}
      <label class="label" for="prompt-name">
        {t("Name")}
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
        {t("Text")}
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
            {t("Cancel")}
          </button>
        )}
        <button type="submit" class="button">
          {prompt ? t("Save the prompt") : t("Add the prompt")}
        </button>
      </div>
    </form>
  );
}
