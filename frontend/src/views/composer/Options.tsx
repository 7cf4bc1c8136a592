/** Choose how the next answers are made: how hard the model thinks, how long they get; or a chat that is not kept. */

import { useId } from "preact/hooks";
import { t } from "../../language/t";
import { areAssistantsShown } from "../../state/assistants";
import { chooseSecond, others, second } from "../../state/beside";
import { model } from "../../state/models";
import { areWordsShown } from "../../state/prompts";
import { canBeThorough, chooseThorough, isThorough } from "../../state/thorough";
import { thread } from "../../state/thread";
import { chooseEffort, chooseLength, EFFORTS, effort, isTemporaryNext, LENGTHS, maxTokens } from "../../state/wish";
import { Icon } from "../icons";
import { SecondModels } from "./ModelPicker";
import { usePopover } from "./popover";

export function Options() {
  const { isOpen, setOpen, root, button, press } = usePopover(".picker-list select, .picker-list input");
  const id = useId();
  const canThink = Boolean(model.value?.reasoning_effort);
  const isNew = thread.value.chat === null;
  const canCompare = others.value.length > 0;
  const isChanged =
    (canThink && effort.value !== null) || maxTokens.value !== null || isTemporaryNext.value || isThorough.value;
  const openWords = () => {
    setOpen(false);
    areWordsShown.value = { draft: "" };
  };
  const openAssistants = () => {
    setOpen(false);
    areAssistantsShown.value = true;
  };
  return (
    <span class="picker options" ref={root} onKeyDown={press}>
      <button
        ref={button}
        type="button"
        class={`icon-button ${isChanged ? "is-on" : ""}`}
        aria-label={t("How to answer")}
        title={t("How to answer")}
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="tune" />
      </button>
      {isOpen && (
        <div id={id} class="picker-list" role="group" aria-label={t("How to answer")}>
          {canThink && (
            <label class="option">
              <span>{t("Thinking")}</span>
              <select
                class="field"
                value={effort.value ?? ""}
                onChange={(event) => chooseEffort(event.currentTarget.value || null)}
              >
                <option value="">
                  {t("As set ({effort})", { effort: effortName(model.value?.reasoning_effort ?? "") })}
                </option>
                {EFFORTS.map((one) => (
                  <option key={one} value={one}>
                    {effortName(one)}
                  </option>
                ))}
              </select>
            </label>
          )}
          <label class="option">
            <span>{t("Length of answers")}</span>
            <select
              class="field"
              value={maxTokens.value ?? ""}
              onChange={(event) => chooseLength(Number(event.currentTarget.value) || null)}
            >
              {LENGTHS.map(([name, tokens]) => (
                <option key={name} value={tokens ?? ""}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          {canCompare && (
            <label class="option">
              <span>{t("Compare with")}</span>
              <select
                class="field"
                value={second.value?.name ?? ""}
                onChange={(event) => chooseSecond(event.currentTarget.value || null)}
              >
                <SecondModels />
              </select>
            </label>
          )}
          {canBeThorough.value && (
            <label class="picker-item">
              <input
                type="checkbox"
                checked={isThorough.value}
                onChange={(event) => chooseThorough(event.currentTarget.checked)}
              />
              <span class="picker-name">{t("Search thoroughly: several searches, which takes longer")}</span>
            </label>
          )}
          {isNew && (
            <label class="picker-item">
              <input
                type="checkbox"
                checked={isTemporaryNext.value}
                onChange={(event) => {
                  isTemporaryNext.value = event.currentTarget.checked;
                }}
              />
              <span class="picker-name">{t("Temporary chat: nothing of it is kept")}</span>
            </label>
          )}
          <div class="picker-foot">
            <button type="button" onClick={openWords}>
              {t("Prompts and instructions …")}
            </button>
            <button type="button" onClick={openAssistants}>
              {t("Assistants …")}
            </button>
          </div>
        </div>
      )}
    </span>
  );
}

/** Some models know other efforts: those are called as they are. */
function effortName(name: string): string {
  const known: Readonly<Record<string, string>> = { low: t("low"), medium: t("medium"), high: t("high") };
  return known[name] ?? name;
}
