/** Keep the cells of tables whole: a bar within a formula or within code parts none, and no row loses what is too much. */

import type { MarkdownIt } from "markdown-it";
import { formulaEnd } from "./math";

/** Stands for a bar that parts no cells, until the parser has told the cells apart. */
const BAR = "\uE07C";
const RULER = /^[\s>]*(?:[|:-]\s*){2,}$/;
/** What may stand before a row: quotes and marks of lists. */
const MARGIN = /^(?:[\s>]|[-*+]\s|\d{1,9}[.)]\s)*/;
const BARE_BAR = /(?<!\\)\|/g;
const CODE = /(?<![`\\])(`+)(?!`).*?(?<!`)\1(?!`)/g;

/** Teach a parser of blocks which bars part cells: `| $|x|$ |` and, where the table has one column, `` | `a|b` | `` do not. */
export function withBars(markdown: MarkdownIt): void {
  markdown.core.ruler.after("normalize", "hide_bars", (state) => {
    if (!state.src.includes(BAR)) state.src = hidden(state.src);
  });
  markdown.core.ruler.after("block", "show_bars", (state) => {
    for (const token of state.tokens) token.content = token.content.replaceAll(BAR, "|");
  });
}

function hidden(source: string): string {
  const lines = source.split("\n");
  for (let at = 1; at < lines.length; at++) {
    const ruler = lines[at] ?? "";
    if (!RULER.test(ruler) || !ruler.includes("-")) continue;
    const columns = cellsOf(ruler);
    const head = lines[at - 1] ?? "";
    lines[at - 1] = narrowed(head, columns);
    if (!head.includes("|") || cellsOf(lines[at - 1] ?? "") !== columns) continue;
    while (/[^\s>]/.test(lines[at + 1] ?? "")) {
      at += 1;
      lines[at] = fitting(narrowed(lines[at] ?? "", columns), columns);
    }
  }
  return lines.join("\n");
}

/** In how many cells its bars part a row. */
const cellsOf = (row: string) => inner(row)[1].split(BARE_BAR).length;

/** What stands before a row's cells, the cells, and what stands behind them. */
function inner(row: string): [string, string, string] {
  const [margin = ""] = MARGIN.exec(row) ?? [];
  const start = row[margin.length] === "|" ? margin.length + 1 : 0;
  const trimmed = row.slice(start).trimEnd();
  const end = start + trimmed.length - (/(?<!\\)\|$/.test(trimmed.slice(-2)) ? 1 : 0);
  return [row.slice(0, start), row.slice(start, end), row.slice(end)];
}

/** A row without the bars that belong to its formulas and, where it has too many cells, to its code. */
function narrowed(row: string, columns: number): string {
  const shown = /[$\\]/.test(row) ? withoutFormulas(row) : row;
  return cellsOf(shown) > columns ? shown.replace(CODE, (code) => code.replace(BARE_BAR, BAR)) : shown;
}

/** A row of which the last cell holds what stands in cells that the table has no columns for. */
function fitting(row: string, columns: number): string {
  const [before, cells, behind] = inner(row);
  let count = 0;
  return before + cells.replace(BARE_BAR, (bar) => (++count < columns ? bar : BAR)) + behind;
}

function withoutFormulas(row: string): string {
  let shown = "";
  for (let at = 0; at < row.length; ) {
    const end = /[$\\]/.test(row[at] ?? "") ? (formulaEnd(row, at, row.length) ?? at + 1) : at + 1;
    const piece = row.slice(at, end);
    const bars = piece.split("|").length - 1;
    // Two amounts of money in two cells are no formula; bars that belong to one stand in pairs, or close to something.
    const isFormula = end > at + 1 && (bars % 2 === 0 || !/\s\|\s/.test(piece));
    shown += isFormula ? piece.replace(BARE_BAR, BAR) : piece;
    at = end;
  }
  return shown;
}
