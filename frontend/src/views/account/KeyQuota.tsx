/** Let somebody say how much an API key of theirs may use. */

import { t } from "../../language/t";
import { type Bound, Bounds, FIRST } from "../bounds/Bounds";

const MOST_BOUNDS = 12;

interface KeyQuotaProperties {
  /** Null: as much as the person may. */
  bounds: readonly Bound[] | null;
  change: (bounds: readonly Bound[] | null) => void;
}

export function KeyQuota({ bounds, change }: KeyQuotaProperties) {
  return (
    <fieldset class="form-choice">
      <legend>{t("How much it may use")}</legend>
      <label class="form-check">
        <input type="checkbox" checked={bounds === null} onChange={() => change(bounds === null ? [FIRST] : null)} />{" "}
        {t("As much as you may")}
      </label>
      <Bounds bounds={bounds ?? []} most={MOST_BOUNDS} change={change} />
    </fieldset>
  );
}
