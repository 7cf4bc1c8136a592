/** Show what is offered for what is being typed. */

import { t } from "../../language/t";
import type { Suggestion } from "./offers";

interface Properties {
  id: string;
  offered: readonly Suggestion[];
  at: number;
  choose: (suggestion: Suggestion) => void;
}

export const optionId = (list: string, at: number) => `${list}-${at}`;

export function Suggestions({ id, offered, at, choose }: Properties) {
  return (
    <div id={id} class="suggestions" role="listbox" aria-label={t("Suggestions")}>
      {offered.map((one, place) => (
        <div
          key={one.id}
          id={optionId(id, place)}
          class={place === at ? "suggestion is-here" : "suggestion"}
          role="option"
          tabIndex={-1}
          aria-selected={place === at}
          onPointerDown={(event) => {
            event.preventDefault(); // the field keeps the focus
            choose(one);
          }}
        >
          <span class="suggestion-label" dir="auto">
            {one.label}
          </span>
          <span class="suggestion-hint" dir="auto">
            {one.hint}
          </span>
        </div>
      ))}
    </div>
  );
}
