/** The typesetter of mathematics; a chunk of its own. */

import katex from "katex";
import "katex/dist/katex.min.css";

const LONGEST = 4000;

/**
 * Set a formula in place of its source, which stays as the element's title.
 *
 * KaTeX builds elements itself, so that no text becomes HTML; links, pictures and styles are not trusted to it.
 */
export function setFormula(element: HTMLElement): void {
  const source = element.textContent ?? "";
  element.dataset.set = "";
  if (source.length > LONGEST) return;
  const made = document.createElement("span");
  try {
    katex.render(innerOf(source), made, {
      displayMode: element.classList.contains("is-block") || /^(?:\$\$|\\\[|\\begin)/.test(source),
      throwOnError: true,
      strict: "ignore",
      trust: false,
      maxSize: 20,
      maxExpand: 300,
    });
  } catch {
    return; // it is shown as it was written
  }
  element.title = source;
  element.replaceChildren(...made.childNodes);
  element.classList.add("is-set");
}

/** What stands between the marks of a formula. */
function innerOf(source: string): string {
  const text = source.trim();
  const match = /^(?:\$\$([\s\S]*)\$\$|\\\[([\s\S]*)\\\]|\\\(([\s\S]*)\\\)|\$([\s\S]*)\$)$/.exec(text);
  return match ? (match[1] ?? match[2] ?? match[3] ?? match[4] ?? "") : text;
}
