/** Understand the few HTML tags that models write for want of Markdown. All others stay text. */

import type { MarkdownIt, StateBlock, StateInline } from "markdown-it";
import { t } from "../../language/t";

/** Without attributes, and each closed again. */
const PAIRED = "sub|sup|kbd|mark|ins|del|u|b|i|s|em|strong|code|small|samp|var|ul|ol|li|dl|dt|dd";
const INLINE = new RegExp(`^<(?:(br)\\s*/?|(/?)(${PAIRED}))>`, "i");
const OPENING = /^<details(\s+open)?\s*>\s*(?:<summary>(.*?)<\/summary>)?\s*$/i;
const ON_ONE_LINE = /^<details(\s+open)?\s*>\s*<summary>(.*?)<\/summary>(.*?)<\/details>\s*$/i;
const SUMMARY = /^<summary>(.*?)<\/summary>\s*$/i;
const CLOSING = /^<\/details>\s*$/i;

/** Teach a parser line breaks, sub- and superscripts, keys, lists within a line, and details that open. */
export function withTags(markdown: MarkdownIt): void {
  markdown.inline.ruler.before("autolink", "tag", inline);
  markdown.block.ruler.before("paragraph", "details", details, {
    alt: ["paragraph", "reference", "blockquote", "list"],
  });
}

function inline(state: StateInline, isSilent: boolean): boolean {
  const match = state.src[state.pos] === "<" && INLINE.exec(state.src.slice(state.pos, state.pos + 16));
  if (!match) return false;
  const [whole, lineBreak, slash = "", name = ""] = match;
  if (!isSilent) {
    if (lineBreak) state.push("hardbreak", "br", 0);
    else state.push("tag", name.toLowerCase(), 0).content = `<${slash}${name.toLowerCase()}>`;
  }
  state.pos += whole.length;
  return true;
}

/** `<details>` on a line of its own, to its `</details>`, or to the end of the text while it grows. */
function details(state: StateBlock, startLine: number, endLine: number, isSilent: boolean): boolean {
  if ((state.sCount[startLine] ?? 0) - state.blkIndent >= 4) return false;
  const lineOf = (line: number) =>
    state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line]);
  const whole = ON_ONE_LINE.exec(lineOf(startLine));
  const opening = whole ?? OPENING.exec(lineOf(startLine));
  if (opening === null) return false;
  if (isSilent) return true;
  if (whole !== null) return onOneLine(state, startLine, whole);
  let depth = 1;
  let line = startLine + 1;
  for (; line < endLine; line++) {
    const text = lineOf(line);
    if (OPENING.test(text)) depth += 1;
    else if (CLOSING.test(text) && --depth === 0) break;
  }
  let first = startLine + 1;
  const summary = opening[2] ?? SUMMARY.exec(lineOf(first))?.[1];
  if (opening[2] === undefined && summary !== undefined && first < line) first += 1;

  begin(state, [startLine, Math.min(line + 1, endLine)], opening[1] !== undefined, summary ?? "");
  const { parentType, lineMax } = state;
  state.parentType = "blockquote";
  state.lineMax = line;
  state.md.block.tokenize(state, first, line);
  state.parentType = parentType;
  state.lineMax = lineMax;
  state.push("details_close", "details", -1);
  state.line = Math.min(line + 1, endLine);
  return true;
}

function onOneLine(state: StateBlock, line: number, [, open, summary = "", text = ""]: RegExpExecArray): boolean {
  begin(state, [line, line + 1], open !== undefined, summary);
  state.push("paragraph_open", "p", 1);
  const content = state.push("inline", "", 0);
  content.content = text.trim();
  content.children = [];
  state.push("paragraph_close", "p", -1);
  state.push("details_close", "details", -1);
  state.line = line + 1;
  return true;
}

function begin(state: StateBlock, map: [number, number], isOpen: boolean, summary: string): void {
  const open = state.push("details_open", "details", 1);
  open.map = map;
  if (isOpen) open.attrs = [["open", ""]];
  state.push("summary_open", "summary", 1);
  const title = state.push("inline", "", 0);
  title.content = summary.trim() || t("Details");
  title.children = [];
  state.push("summary_close", "summary", -1);
}
