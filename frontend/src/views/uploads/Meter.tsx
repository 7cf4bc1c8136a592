/** Show how far a document has come. */

import { t } from "../../language/t";
import type { Progress } from "../../state/uploads";
import "./uploads.css";

export function Meter({ progress, label }: { progress: Progress; label: string }) {
  return (
    <div class="meter">
      {!progress.isOver && (
        <progress
          class="meter-bar"
          aria-label={t("Progress of {name}", { name: label })}
          max={1}
          {...(progress.part === null ? {} : { value: progress.part })}
        />
      )}
      <p class={progress.isFault ? "meter-text is-fault" : "meter-text"}>{progress.label}</p>
    </div>
  );
}
