/** Choose the model that answers. */

import { t } from "../../language/t";
import { chooseModel, model, models } from "../../state/models";
import { Icon } from "../icons";

export function ModelPicker() {
  const all = models.value ?? [];
  if (all.length === 0) return null;
  const providers = [...new Set(all.map(({ provider }) => provider))];
  return (
    <span class="pill pill-select">
      <select
        aria-label={t("Model")}
        title={model.value?.reason ?? ""}
        value={model.value?.name ?? ""}
        onChange={(event) => chooseModel(event.currentTarget.value)}
      >
        {providers.map((provider) => (
          <optgroup key={provider} label={provider}>
            {all
              .filter((one) => one.provider === provider)
              .map(({ name }) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
          </optgroup>
        ))}
      </select>
      <Icon name="unfold" size={16} />
    </span>
  );
}
