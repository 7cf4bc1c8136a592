/** Let somebody say how much may be used: numbers of questions, tokens or money in a time. */

import { MEASURES, type Measure, measureName, WINDOWS, type Window, windowName } from "../../language/bounds";
import { t } from "../../language/t";
import "./bounds.css";

export interface Bound {
  most: string;
  measure: Measure;
  window: Window;
}

export const FIRST: Bound = { most: "", measure: "questions", window: "day" };

/** What is sent: bounds such as “50 questions per day”. Those without a number are none. */
export function textsOf(bounds: readonly Bound[]): string[] {
  return bounds
    .filter(({ most }) => most.trim() !== "")
    .map(({ most, measure, window }) => `${most.trim()} ${measure} per ${window}`);
}

/** What can be changed of bounds that were sent. */
export function boundsOf(texts: readonly string[]): Bound[] {
  return texts.map((text) => {
    const [most = "", measure, , window] = text.split(" ");
    return { most, measure: measure as Measure, window: window as Window };
  });
}

interface Properties {
  bounds: readonly Bound[];
  most: number;
  change: (bounds: readonly Bound[]) => void;
}

export function Bounds({ bounds, most, change }: Properties) {
  const put = (place: number, what: Partial<Bound>) =>
    change(bounds.map((one, at) => (at === place ? { ...one, ...what } : one)));
  return (
    <>
      {bounds.map((bound, place) => (
        <div class="bound" key={place}>
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
            onChange={(event) => put(place, { measure: event.currentTarget.value as Measure })}
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
            onChange={(event) => put(place, { window: event.currentTarget.value as Window })}
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
      {bounds.length > 0 && bounds.length < most && (
        <button type="button" class="button bound-more" onClick={() => change([...bounds, FIRST])}>
          {t("Add a limit")}
        </button>
      )}
    </>
  );
}
