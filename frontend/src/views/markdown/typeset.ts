/** Set formulas as mathematics, with a typesetter that is loaded when the first formula is seen. */

import { signal } from "@preact/signals";
import { t } from "../../language/t";
import { reach } from "../reach";

type Katex = typeof import("./katex");

const loaded = signal<Katex | null>(null);
let isAskedFor = false;

/** Changes when the typesetter has come. */
export const typesetterVersion = () => loaded.value !== null;

/** Set the formulas within an element that are not set yet. Those that can't be stay as they were written. */
export function typeset(root: HTMLElement | null): void {
  const formulas = root?.querySelectorAll<HTMLElement>(".formula:not([data-set])") ?? [];
  if (formulas.length === 0) return;
  const katex = loaded.peek();
  if (katex !== null) {
    for (const formula of formulas) {
      katex.setFormula(formula);
      if (formula.classList.contains("is-block")) reach(formula, t("Formula"));
    }
    return;
  }
  if (isAskedFor) return;
  isAskedFor = true;
  import("./katex")
    .then((module) => {
      loaded.value = module;
    })
    .catch(() => {
      isAskedFor = false;
    });
}
