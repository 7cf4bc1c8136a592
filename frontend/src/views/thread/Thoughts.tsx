/** Show what a reasoning model thought on the way to its answer, for those who want to look. */

import type { Answer } from "../../events";
import { t } from "../../language/t";
import { Icon } from "../icons";

export function Thoughts({ answer }: { answer: Answer }) {
  if (answer.reasoning === "") return null;
  return (
    <details class="found">
      <summary class="found-summary">
        <Icon name="right" size={16} />
        <span>
          {answer.state === "open" && answer.text === ""
            ? t("What the model is thinking")
            : t("What the model thought")}
        </span>
      </summary>
      <p class="thoughts" dir="auto">
        {answer.reasoning}
      </p>
    </details>
  );
}
