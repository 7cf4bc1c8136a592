/** Say which way the next answer is made: freely, written over documents, or quoted from them. */

import { t } from "../../language/t";
import { searchedFiles } from "../../state/attachments";
import { chosenCollections, collections } from "../../state/library";
import { model, models } from "../../state/models";
import { lacksCollection } from "../../state/refusals";
import { isThorough } from "../../state/thorough";

export function WayNote() {
  if (models.value === null || collections.value === null) return <p class="composer-note">{"\u00a0"}</p>;
  return (
    <>
      {lacksCollection.value && (
        <p class="composer-note composer-over" role="status">
          {t("A collection that this chat searched is no longer there for you. The next answer goes without it.")}
        </p>
      )}
      <p class="composer-note">
        {wayOf(
          model.value?.name ?? null,
          model.value?.can_ground ?? false,
          chosenCollections.value.length > 0 || searchedFiles.value !== null,
        )}
      </p>
    </>
  );
}

function wayOf(name: string | null, canGround: boolean, hasDocuments: boolean): string {
  if (!hasDocuments) {
    return name === null
      ? t("There is no model to talk with here. Choose a collection to search.")
      : t("{name} answers freely, without documents. Check what matters.", { name });
  }
  if (canGround && isThorough.value) return t("{name} searches several times, then writes and cites.", { name });
  if (canGround) return t("{name} writes from what it finds in the documents, and cites it.", { name });
  if (name === null) return t("Answers are passages, quoted word for word from the documents.");
  return t("{name} does not write over documents: answers are passages, quoted word for word.", { name });
}
