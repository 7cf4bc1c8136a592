/** Say things in the language of the page; a text's English words are its name in every catalogue. */

import type { Catalogue } from "./catalogue";

/** The languages there are, by what they call themselves. A new one is a line here, a file beside this one, and one in each folder. */
export const LANGUAGES = {
  en: "English",
  de: "Deutsch",
  fr: "Français",
  es: "Español",
  ja: "日本語",
  ar: "العربية",
} as const;
export type Language = keyof typeof LANGUAGES;

const NAME = "hubbub.language";
const isPage = typeof document !== "undefined"; // a worker says nothing to people

/** What was chosen in this browser; null: what the browser asks for. */
export function chosenLanguage(): Language | null {
  try {
    return known(localStorage.getItem(NAME));
  } catch {
    return null; // no storage in this browser's mode
  }
}

/** The language of the page, for as long as it is open. */
export const language: Language = isPage ? (chosenLanguage() ?? wishedLanguage(navigator.languages)) : "en";

/** Change the language: the page is loaded anew, and nothing that was typed is lost. */
export function chooseLanguage(chosen: Language | null): void {
  try {
    if (chosen === null) localStorage.removeItem(NAME);
    else localStorage.setItem(NAME, chosen);
  } catch {
    return;
  }
  location.reload();
}

/** The first of the languages that somebody reads in which the page can speak. */
export function wishedLanguage(wished: readonly string[]): Language {
  for (const one of wished) {
    const found = known(one.split("-")[0] ?? "");
    if (found !== null) return found;
  }
  return "en";
}

function known(name: string | null): Language | null {
  return name !== null && Object.hasOwn(LANGUAGES, name) ? (name as Language) : null;
}

type Foreign = Exclude<Language, "en">;
const files: Readonly<Record<Foreign, () => Promise<{ words: Catalogue; reasons: Catalogue }>>> = {
  de: () => import("./de"),
  fr: () => import("./fr"),
  es: () => import("./es"),
  ja: () => import("./ja"),
  ar: () => import("./ar"),
};

const operatorsFiles: Readonly<Record<Foreign, () => Promise<{ words: Catalogue }>>> = {
  de: () => import("./operators/de"),
  fr: () => import("./operators/fr"),
  es: () => import("./operators/es"),
  ja: () => import("./operators/ja"),
  ar: () => import("./operators/ar"),
};

const NOTHING: { words: Catalogue; reasons: Catalogue } = { words: {}, reasons: {} };
/** Empty in English, and where a catalogue could not be loaded: English words are better than none. */
// Awaited here, before any module is run that says something: no text is drawn twice, and none must be watched.
const loaded = isPage ? await load() : NOTHING;
let words: Catalogue = loaded.words;

/** Load what the operators' pages say besides; they are imported after that, for the same reason. */
export async function loadOperatorsWords(): Promise<void> {
  if (language === "en") return;
  try {
    words = { ...words, ...(await operatorsFiles[language]()).words };
  } catch {
    // as above
  }
}

async function load(): Promise<typeof NOTHING> {
  document.documentElement.lang = language;
  document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
  try {
    return language === "en" ? NOTHING : await files[language]();
  } catch {
    return NOTHING;
  }
}

/** How numbers, dates and names are written: as in the person's region, where the browser asks for this language. */
export const locale = isPage ? (navigator.languages.find((one) => one.split("-")[0] === language) ?? language) : "en";

/** What a function returns, made when it is first needed: each of these takes the browser a millisecond or more. */
export function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const numbers = once(() => new Intl.NumberFormat(locale));
const rules = once(() => new Intl.PluralRules(locale));

type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type Values<Text extends string> = [Names<Text>] extends [never]
  ? []
  : [Readonly<Record<Names<Text>, string | number | null | undefined>>];

/** Say a text, with the values that stand in it. */
export function t<const Text extends string>(text: Text, ...[values]: Values<Text>): string {
  const said = words[text] ?? text;
  return filled(typeof said === "string" ? said : (said.other ?? text), values ?? {});
}

/** Say how many there are: `{count}` stands for the number in both forms. `other` is the text's name in catalogues. */
export function plural<const Other extends string>(
  count: number,
  one: string,
  other: Other,
  ...[values]: Values<WithoutCount<Other>>
): string {
  const said = words[other];
  const form =
    said === undefined
      ? count === 1
        ? one
        : other
      : typeof said === "string"
        ? said
        : (said[rules().select(count)] ?? said.other ?? other);
  return filled(form, { ...values, count });
}

/** Values of a sentence of the server's, by name. */
export type ReasonValues = Readonly<Record<string, string | number>>;

/** Say a sentence of the server's by its code; null in English, which it says itself, and where the code is not known. */
export function said(code: string, values: ReasonValues): string | null {
  const text = Object.hasOwn(loaded.reasons, code) ? loaded.reasons[code] : undefined;
  return typeof text === "string" ? filled(text, values) : null;
}

type WithoutCount<Text extends string> = Text extends `${infer Before}{count}${infer After}`
  ? `${Before}${After}`
  : Text;

// Our English puts no comma before the last "and", whatever region the browser is set to.
const lists = once(() => new Intl.ListFormat(language === "en" ? "en-GB" : locale, { type: "conjunction" }));

/** Join what stands in a row, as "a, b and c". */
export const listed = (parts: readonly string[]) => lists().format(parts);

/** A name or a path in a sentence that is read from right to left: else its own marks would stand at the wrong end. */
const apart = (value: string) => (language === "ar" && value !== "" ? `\u2068${value}\u2069` : value);

function filled(text: string, values: Readonly<Record<string, string | number | null | undefined>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    return typeof value === "number" ? numbers().format(value) : apart(value ?? "");
  });
}
