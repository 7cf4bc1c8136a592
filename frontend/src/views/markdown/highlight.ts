/** Colour code, with a highlighter that is loaded when the first code is seen. */

import { signal } from "@preact/signals";

type Highlight = (code: string, language: string) => string | null;

const LONGEST_CODE = 50_000;
const loaded = signal<Highlight | null>(null);
let isAskedFor = false;

/** Changes when the highlighter has come. */
export const highlighterVersion = () => (loaded.value === null ? "plain" : "coloured");

/** The code as HTML with coloured words; null where that is not possible (yet). */
export function highlight(code: string, language: string): string | null {
  if (language === "" || code.length > LONGEST_CODE) return null;
  const colour = loaded.peek();
  if (colour !== null) return colour(code, language);
  if (!isAskedFor) {
    isAskedFor = true;
    import("./languages")
      .then((module) => {
        loaded.value = module.colour;
      })
      .catch(() => {
        isAskedFor = false; // the code is shown plain; the next one asks again
      });
  }
  return null;
}
