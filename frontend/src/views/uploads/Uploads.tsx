/** Show the files on their way, in a corner of the page. */

import { plural, t } from "../../language/t";
import {
  areUploadsShown,
  failedUploads,
  hideUploads,
  isUploading,
  progressOf,
  type Upload,
  uploads,
} from "../../state/uploads";
import { Icon } from "../icons";
import { Meter } from "./Meter";
import "./uploads.css";

/** `isBelow`: below what the page shows, and not over its corner. */
export function Uploads({ isBelow = false }: { isBelow?: boolean }) {
  if (!areUploadsShown.value) return null;
  return (
    <aside class={isBelow ? "uploads is-below" : "uploads"} aria-label={t("Files on their way")}>
      <header class="uploads-head">
        <h2>{headingOf(isUploading.value, failedUploads.value, uploads.value.length)}</h2>
        <button type="button" class="icon-button" aria-label={t("Hide")} title={t("Hide")} onClick={hideUploads}>
          <Icon name="close" size={16} />
        </button>
      </header>
      <ul class="uploads-list" tabIndex={0}>
        {faultsFirst(uploads.value).map((upload) => (
          <li key={upload.id}>
            <p class="uploads-name" dir="auto">
              {upload.name}
            </p>
            <Meter progress={progressOf(upload)} label={upload.name} />
          </li>
        ))}
      </ul>
    </aside>
  );
}

/** What failed must not be looked for among hundreds that did not. */
const faultsFirst = (all: readonly Upload[]) =>
  [...all].sort((one, other) => Number(progressOf(other).isFault) - Number(progressOf(one).isFault));

function headingOf(isUploading: boolean, failed: number, all: number): string {
  if (isUploading) return failed === 0 ? t("Adding documents") : t("Adding documents, {failed} failed", { failed });
  if (failed === 0) return plural(all, "Document added", "Documents added");
  return failed === all
    ? t("Nothing was added")
    : t("{added} of {all} added, {failed} failed", { added: all - failed, all, failed });
}
