/** Show the files on their way, in a corner of the page. */

import { areUploadsShown, failedUploads, hideUploads, isUploading, progressOf, uploads } from "../../state/uploads";
import { Icon } from "../icons";
import { Meter } from "./Meter";
import "./uploads.css";

export function Uploads() {
  if (!areUploadsShown.value) return null;
  return (
    <aside class="uploads" aria-label="Files on their way">
      <header class="uploads-head">
        <h2>{headingOf(isUploading.value, failedUploads.value, uploads.value.length)}</h2>
        <button type="button" class="icon-button" aria-label="Hide" title="Hide" onClick={hideUploads}>
          <Icon name="close" size={16} />
        </button>
      </header>
      <ul class="uploads-list" tabIndex={0}>
        {uploads.value.map((upload) => (
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

function headingOf(isUploading: boolean, failed: number, all: number): string {
  if (isUploading) return failed === 0 ? "Adding documents" : `Adding documents, ${failed} failed`;
  if (failed === 0) return all === 1 ? "Document added" : "Documents added";
  return failed === all ? "Nothing was added" : `${all - failed} of ${all} added, ${failed} failed`;
}
