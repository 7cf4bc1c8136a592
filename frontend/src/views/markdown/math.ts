/** Keep formulas as they were written: Markdown would take their underscores, stars and backslashes away. */

import type { MarkdownIt, StateBlock, StateInline } from "markdown-it";

const OPENERS = new Map([
  ["\\(", "\\)"],
  ["\\[", "\\]"],
  ["$$", "$$"],
]);
const LONGEST = 4000;

/** Teach a parser formulas: `\(…\)`, `\[…\]`, `$$…$$` and, where it can't be money, `$…$`. */
export function withFormulas(markdown: MarkdownIt): void {
  markdown.inline.ruler.before("escape", "formula", inline);
  markdown.block.ruler.before("code", "formula", block, { alt: ["paragraph", "reference", "blockquote", "list"] });
}

function inline(state: StateInline, isSilent: boolean): boolean {
  const end = formulaEnd(state.src, state.pos, state.posMax);
  if (end === null) return false;
  if (!isSilent) state.push("formula", "", 0).content = state.src.slice(state.pos, end);
  state.pos = end;
  return true;
}

/** Where the formula ends that begins here; null where none does. */
export function formulaEnd(text: string, start: number, most: number): number | null {
  const opener = text.slice(start, start + 2);
  const closer = OPENERS.get(opener);
  if (closer !== undefined) {
    const found = text.slice(start + 2, Math.min(most, start + LONGEST)).indexOf(closer);
    return found > 0 ? start + 2 + found + 2 : null;
  }
  if (text[start] !== "$" || /[\w$\\]/.test(text[start - 1] ?? "")) return null;
  // As Pandoc has it: no space inside at either end, no code in it, and no digit behind, or "$5 and $6" would be one. Nor may a capital
  // follow: "$HOME/$USER" is none, while "$n$th" is.
  const match = /^\$(?![\s$])[^$`\n]{0,1000}?(?<![\s\\])\$(?![\dA-Z_$])/.exec(
    text.slice(start, Math.min(most, start + 1002)),
  );
  return match === null ? null : start + match[0].length;
}

const ENVIRONMENT =
  /^\\begin\{((?:equation|align|gather|multline|alignat|eqnarray)\*?|[dr]?cases|aligned|gathered|split|array|(?:[bpvBV]|small)?matrix)\}/;

/** A formula of whole lines, so that no line of it is taken for a list, a heading or code. */
function block(state: StateBlock, startLine: number, endLine: number, isSilent: boolean): boolean {
  if ((state.sCount[startLine] ?? 0) - state.blkIndent >= 4) return false;
  const lineOf = (line: number) =>
    state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line]);
  const first = lineOf(startLine).trimEnd();
  const environment = ENVIRONMENT.exec(first);
  const opener = environment?.[0] ?? first.slice(0, 2);
  const closer = environment ? `\\end{${environment[1]}}` : opener === "\\(" ? undefined : OPENERS.get(opener);
  if (closer === undefined) return false;
  let line = startLine;
  let rest = first.slice(opener.length);
  let length = rest.length;
  while (!rest.endsWith(closer)) {
    line += 1;
    if (rest.includes(closer) || length > LONGEST || line >= endLine || (state.sCount[line] ?? 0) < state.blkIndent)
      return false;
    rest = lineOf(line).trimEnd();
    length += rest.length;
  }
  if (rest.indexOf(closer) !== rest.length - closer.length) return false;
  if (isSilent) return true;
  const token = state.push("formula_block", "", 0);
  token.content = state.getLines(startLine, line + 1, state.blkIndent, false);
  token.map = [startLine, line + 1];
  state.line = line + 1;
  return true;
}
