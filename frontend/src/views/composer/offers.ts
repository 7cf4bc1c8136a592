/** Offer one's prompts after a slash, assistants after an at sign, collections and documents after a number sign. */

import { t } from "../../language/t";
import { areAssistantsShown, assistants, chooseAssistant, loadAssistants, offered } from "../../state/assistants";
import { attachDocument } from "../../state/attachments";
import { lookUp, namedLike } from "../../state/documents";
import { chooseCollections, chosenCollections, collections } from "../../state/library";
import { areWordsShown, loadPrompts, prompts } from "../../state/prompts";

export interface Suggestion {
  id: string;
  label: string;
  hint: string;
  /** Does what was chosen, and returns what stands in the place of what was typed. */
  take: () => string;
}

/** What is being typed before the caret: the sign, what follows it, and where it begins. */
export interface Typed {
  sign: "/" | "#" | "@";
  words: string;
  begin: number;
}

const MOST = 8;

export function typedBefore(text: string, caret: number): Typed | null {
  const before = text.slice(0, caret);
  const found =
    /^\s*(\/)([^\n/]{0,40})$/.exec(before) ??
    /(?:^|\s)(#)([^\n#]{0,60})$/.exec(before) ??
    /^\s*(@)([^\n@]{0,60})$/.exec(before);
  if (found === null || found[2]?.startsWith(" ")) return null;
  const [, sign, words = ""] = found;
  return { sign: sign as Typed["sign"], words, begin: caret - words.length - 1 };
}

/** Load what is offered after a sign. */
export function prepare({ sign, words }: Typed): void {
  if (sign === "/") {
    if (prompts.peek() === null) loadPrompts();
    return;
  }
  if (sign === "@") {
    if (assistants.peek() === null) loadAssistants();
    return;
  }
  for (const { id, right } of collections.peek() ?? []) if (right !== "see") lookUp(id, words.trim());
}

export function suggestionsFor({ sign, words }: Typed): Suggestion[] {
  const wanted = words.trim().toLocaleLowerCase();
  const fits = (name: string) => name.toLocaleLowerCase().includes(wanted);
  if (sign === "/") {
    if (prompts.value === null) return []; // they come in a moment
    const own = prompts.value.filter(({ name, right }) => right !== "see" && fits(name));
    const offered = own
      .slice(0, MOST)
      .map(({ id, name, text }): Suggestion => ({ id, label: name, hint: text.slice(0, 60), take: () => text }));
    const all: Suggestion = {
      id: "all",
      label: t("Prompts and instructions …"),
      hint: t("Write and change your own"),
      take: () => {
        areWordsShown.value = { draft: "" };
        return "";
      },
    };
    return wanted === "" || own.length === 0 ? [...offered, all] : offered;
  }
  if (sign === "@") return assistantsLike(wanted, fits);
  const usable = (collections.value ?? []).filter(({ right }) => right !== "see");
  const whole = usable
    .filter(({ name }) => fits(name))
    .map(
      ({ id, name }): Suggestion => ({
        id,
        label: name,
        hint: t("Collection"),
        take: () => {
          if (!chosenCollections.peek().includes(id)) chooseCollections([...chosenCollections.peek(), id]);
          return "";
        },
      }),
    );
  const single = usable.flatMap(({ id, name: collection }) =>
    namedLike(id, words.trim()).map(
      (document): Suggestion => ({
        id: document.id,
        label: document.title || document.name,
        hint: t("Document in {collection}", { collection }),
        take: () => {
          attachDocument(document);
          return "";
        },
      }),
    ),
  );
  return [...whole, ...single].slice(0, MOST);
}

function assistantsLike(wanted: string, fits: (name: string) => boolean): Suggestion[] {
  if (assistants.value === null) return []; // they come in a moment
  const found = offered.value
    .filter(({ name }) => fits(name))
    .slice(0, MOST)
    .map(
      ({ id, name, description }): Suggestion => ({
        id,
        label: name,
        hint: description.slice(0, 60) || t("Assistant"),
        take: () => {
          chooseAssistant(id);
          return "";
        },
      }),
    );
  const all: Suggestion = {
    id: "all",
    label: t("Assistants …"),
    hint: t("Make, change and share them"),
    take: () => {
      areAssistantsShown.value = true;
      return "";
    },
  };
  return wanted === "" ? [...found, all] : found;
}
