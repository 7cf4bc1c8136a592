/** Say which part of an assistant is not there for the person. */

import type { Assistant } from "../../api/assistants";
import { plural, t } from "../../language/t";

/** What of it is not there, and what to do; null where all of it is. */
export function aboutLeftOut(assistant: Assistant): string | null {
  const { collections, collections_left_out: leftOut, lacks_model, is_askable, right } = assistant;
  if (right === "see") return null;
  if (lacks_model) return t("Its model is not there for you. Choose a model for your questions.");
  if (!is_askable) return t("None of its collections is there for you. Ask whoever made it to share one with you.");
  return leftOut > 0 ? notAsked(leftOut, collections.length + leftOut) : null;
}

/** That some of an assistant's collections are not asked. */
export function notAsked(leftOut: number, all: number): string {
  return plural(
    leftOut,
    "{count} of {all} collections of this assistant is not shared with you.",
    "{count} of {all} collections of this assistant are not shared with you.",
    { all },
  );
}
