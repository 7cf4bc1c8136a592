/** Say below a question which assistant it went to, and what of that was left out. */

import type { AskedAssistant as Asked } from "../../api/assistants";
import { t } from "../../language/t";
import "./assistants.css";
import { notAsked } from "./leftOut";

export function AskedAssistant({ asked }: { asked: Asked | undefined }) {
  if (asked === undefined) return null;
  const { name, left_out: leftOut = 0, collections = 0 } = asked;
  return (
    <p class="asked-assistant">
      <span dir="auto">{t("Asked {name}.", { name })}</span>
      {leftOut > 0 && <span> {notAsked(leftOut, collections)}</span>}
    </p>
  );
}
