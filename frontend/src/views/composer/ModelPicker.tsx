/** Choose the model that answers, and see the one that answers beside it. */

import type { Model } from "../../api/resources";
import { t } from "../../language/t";
import { chooseSecond, others, second } from "../../state/beside";
import { chooseModel, model, models } from "../../state/models";
import { Icon } from "../icons";

export function ModelPicker() {
  const all = models.value ?? [];
  if (all.length === 0) return null;
  return (
    <span class="pill pill-select">
      <select
        aria-label={t("Model")}
        title={model.value?.reason ?? ""}
        value={model.value?.name ?? ""}
        onChange={(event) => chooseModel(event.currentTarget.value)}
      >
        <ByProvider models={all} />
      </select>
      <Icon name="unfold" size={16} />
    </span>
  );
}

/** The second model, where one was chosen under "How to answer". */
export function SecondPicker() {
  if (second.value === null) return null;
  return (
    <span class="pill pill-select is-on">
      <select
        aria-label={t("Second model")}
        title={t("This model answers beside the first; you keep one of the answers")}
        value={second.value.name}
        onChange={(event) => chooseSecond(event.currentTarget.value || null)}
      >
        <SecondModels />
      </select>
      <Icon name="unfold" size={16} />
    </span>
  );
}

/** What can be chosen as the second model. */
export function SecondModels() {
  return (
    <>
      <option value="">{t("One model only")}</option>
      <ByProvider models={others.value} />
    </>
  );
}

function ByProvider({ models }: { models: readonly Model[] }) {
  const providers = [...new Set(models.map(({ provider }) => provider))];
  return (
    <>
      {providers.map((provider) => (
        <optgroup key={provider} label={provider}>
          {models
            .filter((one) => one.provider === provider)
            .map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
        </optgroup>
      ))}
    </>
  );
}
