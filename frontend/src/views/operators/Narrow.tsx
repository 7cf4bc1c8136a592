/** Narrow a long list down to what has some words in its names. */

import { locale, once, t } from "../../language/t";

/** A list of so many is seen at a glance. */
export const FEW = 10;

const order = once(() => new Intl.Collator(locale, { numeric: true }));

/** Those of which a name or an address has all the words, by the first of their names: "Group 2" before "Group 10". */
export function narrowed<One>(all: readonly One[], words: string, namesOf: (one: One) => readonly string[]): One[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const isWanted = (one: One) => {
    const said = namesOf(one).join(" ").toLowerCase();
    return wanted.every((word) => said.includes(word));
  };
  const first = (one: One) => namesOf(one).find(Boolean) ?? "";
  return all.filter(isWanted).sort((one, other) => order().compare(first(one), first(other)));
}

export function Narrow({ words, changed }: { words: string; changed: (words: string) => void }) {
  return (
    <input
      type="search"
      class="field operators-narrow"
      aria-label={t("Filter by name")}
      placeholder={t("Filter by name")}
      value={words}
      onInput={(event) => changed(event.currentTarget.value)}
    />
  );
}
