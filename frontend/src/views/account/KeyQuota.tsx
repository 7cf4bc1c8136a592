/** Let somebody say how much an API key of theirs may use. */

import { MEASURES, type Measure, measureName, WINDOWS, type Window, windowName } from "../../language/bounds";
import { t } from "../../language/t";

const MOST_BOUNDS = 12;

export interface KeyBound {
  most: string;
  measure: Measure;
  window: Window;
}

const FIRST: KeyBound = { most: "", measure: "questions", window: "day" };

/** What is sent: bounds such as “50 questions per day”. Those without a number are none. */
export function quotaOf(bounds: readonly KeyBound[] | null): string[] {
  return (bounds ?? [])
    .filter(({ most }) => most.trim() !== "")
    .map(({ most, measure, window }) => `${most.trim()} ${measure} per ${window}`);
}

interface KeyQuotaProperties {
  /** Null: as much as the person may. */
  bounds: readonly KeyBound[] | null;
  change: (bounds: readonly KeyBound[] | null) => void;
}

export function KeyQuota({ bounds, change }: KeyQuotaProperties) {
  const put = (place: number, what: Partial<KeyBound>) =>
    change((bounds ?? []).map((one, at) => (at === place ? { ...one, ...what } : one)));
  return (
    <fieldset class="form-choice">
      <legend>{t("How much it may use")}</legend>
      <label class="form-check">
        <input type="checkbox" checked={bounds === null} onChange={() => change(bounds === null ? [FIRST] : null)} />{" "}
        {t("As much as you may")}
      </label>
      {bounds?.map((bound, place) => (
        <div class="account-bound" key={place}>
          <input
            class="field"
            type="text"
            inputMode="decimal"
            pattern="[0-9]+(\.[0-9]+)?"
            required
            aria-label={t("At most ({number})", { number: place + 1 })}
            value={bound.most}
            onInput={(event) => put(place, { most: event.currentTarget.value })}
          />
          <select
            class="field"
            aria-label={t("Of what ({number})", { number: place + 1 })}
            value={bound.measure}
            onChange={(event) => put(place, { measure: event.currentTarget.value as KeyBound["measure"] })}
          >
            {MEASURES.map((one) => (
              <option key={one} value={one}>
                {measureName(one)}
              </option>
            ))}
          </select>
          <select
            class="field"
            aria-label={t("In what time ({number})", { number: place + 1 })}
            value={bound.window}
            onChange={(event) => put(place, { window: event.currentTarget.value as KeyBound["window"] })}
          >
            {WINDOWS.map((one) => (
              <option key={one} value={one}>
                {windowName(one)}
              </option>
            ))}
          </select>
          {bounds.length > 1 && (
            <button
              type="button"
              class="button"
              aria-label={t("Remove limit {number}", { number: place + 1 })}
              onClick={() => change(bounds.filter((_, at) => at !== place))}
            >
              {t("Remove")}
            </button>
          )}
        </div>
      ))}
      {bounds !== null && bounds.length < MOST_BOUNDS && (
        <button type="button" class="button account-send" onClick={() => change([...bounds, FIRST])}>
          {t("Add a limit")}
        </button>
      )}
    </fieldset>
  );
}
