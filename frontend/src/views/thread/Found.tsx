/** Show what the documents were searched for, and what was found. */

import type { Answer } from "../../events";
import { t } from "../../language/t";
import { openSource, sourceOfHit } from "../../state/sources";
import { Icon } from "../icons";
import { headingName, placeOf } from "../sources/place";
import { Steps } from "./Steps";

export function Found({ answer }: { answer: Answer }) {
  const { query, hits, citations, steps = [] } = answer;
  if (query === null) return null;
  const markersOf = (passageId: string) => citations.filter(({ passage_id }) => passage_id === passageId);
  return (
    <details class="found">
      <summary class="found-summary">
        <Icon name="right" size={16} />
        <span>{t("What was found")}</span>
        <span class="found-count">{hits.length}</span>
      </summary>
      {steps.length > 1 ? (
        <Steps steps={steps} />
      ) : (
        <p class="found-query">
          {t("Searched for")} <q dir="auto">{query}</q>
          {hits.length === 0 && ` · ${t("Nothing was found.")}`}
        </p>
      )}
      <ol class="found-hits" aria-label={t("Passages found")}>
        {hits.map((hit) => (
          <li key={hit.passage_id}>
            <button type="button" class="hit" onClick={() => openSource(sourceOfHit(hit))}>
              <span class="hit-title" dir="auto">
                {markersOf(hit.passage_id).map(({ marker }) => (
                  <span key={marker} class="cited-marker">
                    {marker}
                  </span>
                ))}
                {hit.title || hit.name}
                {hit.page !== null && <span class="hit-place"> · {placeOf(hit)}</span>}
                {hit.heading && <span class="hit-place"> · {headingName(hit.name, hit.heading)}</span>}
              </span>
              <span class="hit-text" dir="auto">
                {hit.text}
              </span>
            </button>
          </li>
        ))}
      </ol>
    </details>
  );
}
