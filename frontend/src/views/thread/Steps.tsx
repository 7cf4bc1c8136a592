/** Show the searches that are made for one question, each as a step, with how much it found. */

import type { SearchStep } from "../../events";
import { plural, t } from "../../language/t";

export function Steps({ steps }: { steps: readonly SearchStep[] }) {
  return (
    <ol class="steps" aria-label={t("Searches")}>
      {steps.map(({ query, found }) => (
        <li key={query}>
          <q dir="auto">{query}</q>{" "}
          <span class="steps-found">
            {found === 0 ? t("Nothing was found.") : plural(found, "{count} passage", "{count} passages")}
          </span>
        </li>
      ))}
    </ol>
  );
}
