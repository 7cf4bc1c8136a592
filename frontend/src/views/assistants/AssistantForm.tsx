/** Write an assistant: what it is called, what it is told, and what it answers from. */

import { useEffect, useState } from "preact/hooks";
import type { Assistant } from "../../api/assistants";
import { t } from "../../language/t";
import { keepAssistant } from "../../state/assistants";
import { collections } from "../../state/library";
import { models } from "../../state/models";
import { EFFORTS, LENGTHS } from "../../state/wish";
import { Dialog } from "../dialog/Dialog";
import { ChangedMeanwhile } from "../words/ChangedMeanwhile";
import "./assistants.css";
import { aboutLeftOut } from "./leftOut";

const MOST_STARTERS = 6;
/** Stands for a model that the person can't see, and that stays unless they choose another. */
const HIDDEN = "\0";

interface Properties {
  assistant: Assistant | null;
  edit: (assistant: Assistant) => void;
  over: () => void;
}

export function AssistantForm({ assistant, edit, over }: Properties) {
  const [name, setName] = useState(assistant?.name ?? "");
  const [description, setDescription] = useState(assistant?.description ?? "");
  const [instructions, setInstructions] = useState(assistant?.instructions ?? "");
  const [model, setModel] = useState(assistant?.lacks_model ? HIDDEN : (assistant?.model ?? ""));
  const [chosen, setChosen] = useState<readonly string[]>(assistant?.collections.map(({ id }) => id) ?? []);
  const [starters, setStarters] = useState(assistant?.starters.join("\n") ?? "");
  const [effort, setEffort] = useState(assistant?.reasoning_effort ?? "");
  const [length, setLength] = useState(assistant?.max_tokens ?? 0);
  const [isThorough, setThorough] = useState(assistant?.is_thorough ?? false);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => document.getElementById("assistant-name")?.focus(), []);
  const usable = (collections.value ?? []).filter(({ right }) => right !== "see");
  const [theirs, setTheirs] = useState<Assistant | null>(null);
  const keep = async (before: Assistant | null) => {
    setBusy(true);
    const done = await keepAssistant(before?.id ?? null, {
      ...(before ? { version: before.version } : {}),
      name,
      description,
      instructions,
      ...(model === HIDDEN ? {} : { model }),
      collections: chosen,
      starters: starters
        .split("\n")
        .map((one) => one.trim())
        .filter((one) => one !== "")
        .slice(0, MOST_STARTERS),
      reasoning_effort: effort,
      max_tokens: length,
      thorough: isThorough,
    });
    setBusy(false);
    setTheirs(done && "theirs" in done ? done.theirs : null);
    if (done && "kept" in done) over();
  };
  const submit = (event: Event) => {
    event.preventDefault();
    keep(assistant);
  };
  const lengths = LENGTHS.map(([label, tokens]): readonly [string, number] => [label, tokens ?? 0]);
  if (!lengths.some(([, tokens]) => tokens === length)) lengths.push([length.toLocaleString(), length]);
  const efforts: readonly [string, string][] = [
    ["", t("As the model is set")],
    ...EFFORTS.map((one): [string, string] => [one, { low: t("low"), medium: t("medium"), high: t("high") }[one]]),
  ];
  const leftOut = assistant && assistant.collections_left_out > 0 ? aboutLeftOut(assistant) : null;
  return (
    <Dialog title={assistant ? t("Change the assistant") : t("New assistant")} close={over}>
      <form class="assistant-form" onSubmit={submit}>
        <label class="label" for="assistant-name">
          {t("Name")}
        </label>
        <input
          id="assistant-name"
          class="field"
          required
          maxLength={100}
          value={name}
          dir="auto"
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <label class="label" for="assistant-description">
          {t("What it is for")}
        </label>
        <input
          id="assistant-description"
          class="field"
          maxLength={500}
          value={description}
          dir="auto"
          onInput={(event) => setDescription(event.currentTarget.value)}
        />
        <label class="label" for="assistant-instructions">
          {t("Instructions")}
        </label>
        <textarea
          id="assistant-instructions"
          class="field"
          rows={5}
          maxLength={8000}
          value={instructions}
          placeholder={t("What the model is told with each question. Whoever may ask the assistant can read it.")}
          dir="auto"
          onInput={(event) => setInstructions(event.currentTarget.value)}
        />
        <label class="label" for="assistant-model">
          {t("Model")}
        </label>
        <select
          id="assistant-model"
          class="field"
          value={model}
          onChange={(event) => setModel(event.currentTarget.value)}
        >
          {assistant?.lacks_model && <option value={HIDDEN}>{t("One that is not there for you")}</option>}
          <option value="">{t("Whichever answers as a rule")}</option>
          {(models.value ?? []).map((one) => (
            <option key={one.name} value={one.name}>
              {one.name}
            </option>
          ))}
        </select>
        <fieldset class="assistant-collections">
          <legend class="label">{t("Collections it answers from")}</legend>
          {usable.length === 0 && <p class="assistants-about">{t("There are none yet that you may search.")}</p>}
          {usable.map(({ id, name: label }) => (
            <label key={id} class="picker-item">
              <input
                type="checkbox"
                checked={chosen.includes(id)}
                onChange={() => setChosen(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id])}
              />
              <span class="picker-name" dir="auto">
                {label}
              </span>
            </label>
          ))}
          {leftOut && <p class="assistants-about">{leftOut}</p>}
        </fieldset>
        <label class="label" for="assistant-starters">
          {t("Questions to begin with, one a line")}
        </label>
        <textarea
          id="assistant-starters"
          class="field"
          rows={3}
          maxLength={1200}
          value={starters}
          dir="auto"
          onInput={(event) => setStarters(event.currentTarget.value)}
        />
        <div class="assistant-options">
          <label class="label">
            {t("Thinking")}
            <select class="field" value={effort} onChange={(event) => setEffort(event.currentTarget.value)}>
              {efforts.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <label class="label">
            {t("Length of answers")}
            <select class="field" value={length} onChange={(event) => setLength(Number(event.currentTarget.value))}>
              {lengths.map(([label, tokens]) => (
                <option key={tokens} value={tokens}>
                  {label}
                </option>
              ))}
            </select>
          </label>
        </div>
        <label class="picker-item">
          <input type="checkbox" checked={isThorough} onChange={(event) => setThorough(event.currentTarget.checked)} />
          <span class="picker-name">{t("Search several times for each question, which takes longer")}</span>
        </label>
        {theirs && (
          <ChangedMeanwhile
            key={theirs.version}
            name={theirs.name}
            text={theirs.instructions}
            keepMine={() => keep(theirs)}
            takeTheirs={() => edit(theirs)}
          />
        )}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={over}>
            {t("Cancel")}
          </button>
          <button type="submit" class="button is-primary" disabled={isBusy}>
            {assistant ? t("Save the assistant") : t("Make the assistant")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
