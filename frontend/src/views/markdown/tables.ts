/** Understand tables that are written in HTML, as models write them where cells hold lists, or span others. */

import type { MarkdownIt, StateBlock, Token } from "markdown-it";

const OPENING = /^<table(?:\s[^>]*)?>/i;
const TABLE = /<(\/?)table(?:\s[^>]*)?>/gi;
const PART = /<(\/?)(table|caption|thead|tbody|tfoot|tr|th|td)(\s[^>]*)?>/gi;
const FENCE = /^ {0,3}(?:```|~~~)/;
/** A cell spans so many others at the most. */
const WIDEST = 100;

/** Teach a parser `<table>` at the beginning of a line, to its `</table>`, or to the end of the text while it grows. */
export function withTables(markdown: MarkdownIt): void {
  markdown.block.ruler.before("paragraph", "html_table", table, {
    alt: ["paragraph", "reference", "blockquote", "list"],
  });
}

function table(state: StateBlock, startLine: number, endLine: number, isSilent: boolean): boolean {
  if ((state.sCount[startLine] ?? 0) - state.blkIndent >= 4) return false;
  const lineOf = (line: number) =>
    state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line]);
  if (!OPENING.test(lineOf(startLine))) return false;
  if (isSilent) return true;
  let depth = 0;
  let line = startLine;
  const lines: string[] = [];
  for (; line < endLine; line++) {
    const text = lineOf(line);
    lines.push(text);
    for (const [, slash] of text.matchAll(TABLE)) depth += slash ? -1 : 1;
    if (depth <= 0) break;
  }
  const source = lines.join("\n");
  const end = endOfTable(source);
  const after = source.slice(end);
  state.line = Math.min(line + 1, endLine);
  new Parts(state, [startLine, state.line]).take(source.slice(0, end));
  if (after.trim()) {
    const [first] = blocks(state, after);
    if (first) first.meta = { raw: after }; // the lines are the table's, too
  }
  return true;
}

/** Where the first table ends. */
function endOfTable(source: string): number {
  let depth = 0;
  for (const match of source.matchAll(TABLE)) {
    depth += match[1] ? -1 : 1;
    if (depth === 0) return match.index + match[0].length;
  }
  return source.length;
}

/** Makes the tokens of one table. What is not closed is closed with what it is in, as a browser has it. */
class Parts {
  private readonly open: string[] = [];

  constructor(
    private readonly state: StateBlock,
    private readonly map: [number, number],
  ) {}

  take(source: string): void {
    let from = 0;
    let nested = 0;
    for (const match of source.matchAll(PART)) {
      const [whole, slash, named = "", attributes = ""] = match;
      const name = named.toLowerCase();
      const isInner = name === "table" && this.open.length > 0 && (nested > 0 || !slash);
      if (isInner) nested += slash ? -1 : 1;
      if (isInner || nested > 0) continue;
      this.text(source.slice(from, match.index));
      from = match.index + whole.length;
      if (slash) this.close(name);
      else this.begin(name, attributes);
    }
    this.text(source.slice(from));
    this.close("table");
  }

  private begin(name: string, attributes: string): void {
    if (name === "th" || name === "td") {
      this.closeTo("tr");
      if (this.open.at(-1) !== "tr") this.begin("tr", "");
    } else if (name !== "table") this.closeTo(name === "tr" ? "part" : "table");
    const token = this.state.push(name === "caption" ? "caption_open" : `${name}_open`, name, 1);
    if (name === "table") token.map = this.map;
    if (name === "th" || name === "td") spans(token, attributes);
    this.open.push(name);
  }

  /** Close what lies within the innermost row, part or table. */
  private closeTo(what: "tr" | "part" | "table"): void {
    const stops = { tr: ["tr", "thead", "tbody", "tfoot", "table"], part: ["thead", "tbody", "tfoot", "table"] };
    const kept = what === "table" ? ["table"] : stops[what];
    while (this.open.length > 0 && !kept.includes(this.open.at(-1) ?? "")) this.pop();
  }

  private close(name: string): void {
    if (!this.open.includes(name)) return;
    while (this.pop() !== name);
  }

  private pop(): string {
    const name = this.open.pop() ?? "";
    this.state.push(`${name}_close`, name, -1);
    return name;
  }

  /** Text in a cell is Markdown; what stands between cells is kept as a row of its own. */
  private text(source: string): void {
    if (!source.trim()) return;
    const last = this.open.at(-1);
    if (last !== "th" && last !== "td" && last !== "caption") this.begin("td", "");
    blocks(this.state, source);
  }
}

/** Parse text as blocks of Markdown where the state stands; return their tokens. A single paragraph is just its text. */
function blocks(state: StateBlock, source: string): Token[] {
  const inner = new state.md.block.State(undented(source), state.md, state.env, state.tokens);
  const before = state.tokens.length;
  inner.level = state.level;
  state.md.block.tokenize(inner, 0, inner.lineMax);
  const made = state.tokens.slice(before);
  for (const token of made) token.map = null; // their lines are the cell's
  if (made.length === 3 && made[0]?.type === "paragraph_open" && made[2])
    for (const token of [made[0], made[2]]) token.hidden = state.level > 0;
  return made;
}

/** Without the spaces that HTML is indented by, but for code; tables in it begin lines of their own. */
function undented(source: string): string {
  let isCode = false;
  return source
    .trim()
    .split("\n")
    .map((line) => {
      if (FENCE.test(line.trimStart())) isCode = !isCode;
      return isCode ? line : line.trim();
    })
    .join("\n")
    .replace(/(?<!^)(<table(?:\s[^>]*)?>)/i, "\n\n$1");
}

function spans(token: Token, attributes: string): void {
  token.attrs = [];
  for (const name of ["colspan", "rowspan"]) {
    const number = Number(new RegExp(`\\s${name}\\s*=\\s*["']?(\\d{1,3})`, "i").exec(attributes)?.[1] ?? 0);
    if (number > 1 && number <= WIDEST) token.attrs.push([name, String(number)]);
  }
  const align = /\salign\s*=\s*["']?(left|center|right)\b|text-align:\s*(left|center|right)\b/i.exec(attributes);
  const side = (align?.[1] ?? align?.[2])?.toLowerCase();
  if (side) token.attrs.push(["style", `text-align:${side}`]);
}
