/** Understand footnotes: `[^name]` in the text, and `[^name]: …` where the note stands. */

import type { Env, MarkdownIt, StateBlock, StateInline } from "markdown-it";
import { t } from "../../language/t";

const LINK = /^\[\^([^\]\s^]{1,40})\](?!:)/;
const NOTE = /^\[\^([^\]\s^]{1,40})\]:\s?/;
const EACH = /\[\^([^\]\s^]{1,40})\]/g;
const INDENT = 4;
export const NUMBERS = Symbol("numbers of footnotes");

/** By name, the number of each note, in the order in which the text comes to them. */
export function footnoteNumbers(source: string): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  if (!source.includes("[^")) return numbers;
  const noted = new Set([...source.matchAll(/^ {0,3}\[\^([^\]\s^]{1,40})\]:/gm)].map(([, name]) => name));
  for (const [, name = ""] of source.matchAll(EACH)) {
    if (noted.has(name) && !numbers.has(name)) numbers.set(name, numbers.size + 1);
  }
  return numbers;
}

export function withFootnotes(markdown: MarkdownIt): void {
  markdown.inline.ruler.before("link", "footnote", inline);
  markdown.block.ruler.before("reference", "footnote", block, { alt: ["paragraph", "reference"] });
  markdown.renderer.rules.footnote_link = (tokens, index, _, env) => {
    const name = tokens[index]?.content ?? "";
    const number = numberOf(env, name);
    // A name that no note has stays as it was written.
    return number === undefined
      ? `[^${markdown.utils.escapeHtml(name)}]`
      : `<sup>${button(number, "", markdown.utils.escapeHtml)}</sup>`;
  };
  markdown.renderer.rules.footnote_open = (tokens, index, _, env) => {
    const number = numberOf(env, String(tokens[index]?.meta?.footnote ?? ""));
    const back = number === undefined ? "" : button(number, " is-back", markdown.utils.escapeHtml);
    return `<div class="footnote">${back}<div class="footnote-text">`;
  };
  markdown.renderer.rules.footnote_close = () => "</div></div>";
}

const numberOf = (env: Env | undefined, name: string) =>
  (env?.[NUMBERS] as ReadonlyMap<string, number> | undefined)?.get(name);

const button = (number: number, more: string, escapeHtml: (text: string) => string) =>
  `<button type="button" class="footnote-link${more}" aria-label="${escapeHtml(more ? t("Back to where footnote {number} is", { number }) : t("Footnote {number}", { number }))}">${number}</button>`;

function inline(state: StateInline, isSilent: boolean): boolean {
  const match = state.src[state.pos] === "[" && LINK.exec(state.src.slice(state.pos, state.pos + 45));
  if (!match) return false;
  if (!isSilent) state.push("footnote_link", "", 0).content = match[1] ?? "";
  state.pos += match[0].length;
  return true;
}

/** A note: the lines that follow without an empty one, and the blocks below that are indented by four. */
function block(state: StateBlock, startLine: number, endLine: number, isSilent: boolean): boolean {
  if ((state.sCount[startLine] ?? 0) - state.blkIndent >= 4) return false;
  const start = (state.bMarks[startLine] ?? 0) + (state.tShift[startLine] ?? 0);
  const match = NOTE.exec(state.src.slice(start, state.eMarks[startLine]));
  if (match === null) return false;
  if (isSilent) return true;
  const lines = [state.src.slice(start + match[0].length, state.eMarks[startLine])];
  let line = startLine + 1;
  for (; line < endLine && !state.isEmpty(line); line++) {
    const from = (state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0);
    const next = state.src.slice(from, state.eMarks[line]);
    if (NOTE.test(next)) break;
    lines.push(next);
  }
  const open = state.push("footnote_open", "div", 1);
  open.meta = { footnote: match[1] };
  const end = endOfIndented(state, line, endLine);
  open.map = [startLine, end];
  const paragraph = state.push("paragraph_open", "p", 1);
  paragraph.map = [startLine, line];
  const text = state.push("inline", "", 0);
  text.content = lines.join("\n").trim();
  text.children = [];
  state.push("paragraph_close", "p", -1);
  if (end > line) {
    const { blkIndent, lineMax } = state;
    state.blkIndent += INDENT;
    state.lineMax = end;
    state.md.block.tokenize(state, line, end);
    state.blkIndent = blkIndent;
    state.lineMax = lineMax;
  }
  state.push("footnote_close", "div", -1);
  state.line = end;
  return true;
}

/** Where the indented blocks end that follow from a line on; that line itself where none does. */
function endOfIndented(state: StateBlock, from: number, endLine: number): number {
  let end = from;
  for (let line = from; line < endLine; line++) {
    if (state.isEmpty(line)) continue;
    if ((state.sCount[line] ?? 0) - state.blkIndent < INDENT) break;
    end = line + 1;
  }
  return end;
}
