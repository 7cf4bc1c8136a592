/** Keep whether questions over documents are searched for in several steps, which takes longer and finds more. */

import { computed, signal } from "@preact/signals";
import { searchedFiles } from "./attachments";
import { chosenCollections } from "./library";
import { model } from "./models";
import { recall, remember } from "./storage";

const chosen = signal(recall<boolean>("thorough") ?? false);

/** Whether that can be chosen: documents are asked, and a model writes. */
export const canBeThorough = computed(
  () => (model.value?.can_ground ?? false) && (chosenCollections.value.length > 0 || searchedFiles.value !== null),
);
/** Whether the next question is. */
export const isThorough = computed(() => canBeThorough.value && chosen.value);

export function chooseThorough(is: boolean): void {
  chosen.value = is;
  remember("thorough", is);
}
