/** The typesetter of mathematics; a chunk of its own. */

import katex, { type KatexOptions } from "katex";
import "katex/contrib/mhchem";
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
  const display = element.classList.contains("is-block") || /^(?:\$\$|\\\[|\\begin)/.test(source);
  let made: Node;
  try {
    const tree = treeOf(innerOf(source), display);
    const styles: string[] = [];
    takeStyleText(tree, styles);
    made = tree.toNode();
    const pictures = (made as Element).querySelectorAll("svg");
    for (const [index, style] of styles.entries()) if (pictures[index]) pictures[index].style.cssText = style;
  } catch {
    return; // it is shown as it was written
  }
  element.title = source;
  element.replaceChildren(made);
  element.classList.add("is-set");
}

/** What KaTeX builds elements from. */
interface Tree {
  attributes?: Record<string, string>;
  children?: Tree[];
  toNode: () => Node;
}

const treeOf = (formula: string, displayMode: boolean): Tree =>
  (katex as unknown as { __renderToDomTree: (formula: string, options: KatexOptions) => Tree }).__renderToDomTree(
    formula,
    {
      displayMode,
      throwOnError: true,
      strict: "ignore",
      trust: false,
      maxSize: 20,
      maxExpand: 300,
    },
  );

const isPicture = (tree: Tree) => tree.attributes !== undefined && tree.children !== undefined && !("classes" in tree);

/** Take away the styles of pictures that are text, which the page's policy forbids to make elements with. */
function takeStyleText(tree: Tree, styles: string[]): void {
  if (isPicture(tree)) styles.push(tree.attributes?.style ?? "");
  if (tree.attributes) delete tree.attributes.style;
  for (const child of tree.children ?? []) takeStyleText(child, styles);
}

/** What stands between the marks of a formula. */
function innerOf(source: string): string {
  const text = source.trim();
  const match = /^(?:\$\$([\s\S]*)\$\$|\\\[([\s\S]*)\\\]|\\\(([\s\S]*)\\\)|\$([\s\S]*)\$)$/.exec(text);
  return match ? (match[1] ?? match[2] ?? match[3] ?? match[4] ?? "") : text;
}
