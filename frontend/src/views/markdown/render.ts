/** Turn a model's Markdown into safe HTML; the one place where text of others becomes HTML. */

import type { Env, Token } from "markdown-it";
import type { Block, Reference } from "./blocks";
import { render } from "./finish";
import { footnoteNumbers, NUMBERS } from "./footnotes";
import { highlight } from "./highlight";
import { blockParser, DEEPEST_SHOWN, escapeHtml, isFormula, KNOWN, languageOf } from "./parse";
import { sanitize } from "./sanitize";

const FIRST_HEADING = 3; // the page's own headings stand above
const DEEPEST_HEADING = 6;
/** Code that grows is coloured in pieces of so many lines, so that each costs its part only once. */
const CHUNK_LINES = 24;

/** A top-level block, or one item of a top-level list. */
interface Part {
  raw: string;
  /** What its HTML depends on besides the lines. */
  kind: string;
  /** The first line of it in the text. */
  from: number;
  /** Null where it is shown as it was written. */
  tokens: Token[] | null;
  /** The rank that a heading was written with; 0 where it is none. */
  depth: number;
  items: Part[] | null;
}

interface Parsed {
  parts: Part[];
  references: Env["references"];
}

/**
 * A function that renders a text that grows, block by block; what did not change is not made again.
 *
 * `version` stands for what else the HTML depends on besides text and references (the highlighter). While the text
 * grows only its last block, or the last item of its last list, is parsed anew. Whatever can't be rendered is shown as
 * it was written: one text's failure is that text's alone.
 */
export function blockRenderer(): (
  text: string,
  known: readonly Reference[],
  version: string,
  isGrowing?: boolean,
) => Block[] {
  let made = new Map<string, string>();
  let context = { described: "", number: 0 };
  let before: { source: string; lines: string[]; parsed: Parsed } | null = null;

  return (text, known, version, isGrowing = false) => {
    const source = text.replaceAll("\0", "\uFFFD").replace(/\r\n?/g, "\n");
    const lines = source.split("\n");
    const last = before !== null && isGrowing && source.startsWith(before.source) ? before.parsed : null;
    const parsed = attempt(() => (last && grown(last, lines)) ?? parse(lines)) ?? {
      parts: [{ raw: source, kind: "", from: 0, tokens: null, depth: 0, items: null }],
      references: undefined,
    };
    before = { source, lines, parsed };

    const numbers = footnoteNumbers(source);
    const env: Env = {
      [KNOWN]: new Map(known.map((reference) => [reference.marker, reference])),
      [NUMBERS]: numbers,
      ...(parsed.references === undefined ? {} : { references: parsed.references }),
    };
    // A link may be defined, or still be growing, far from where it stands.
    const described = JSON.stringify([known, parsed.references ?? null, [...numbers]]);
    if (described !== context.described) context = { described, number: context.number + 1 };
    const next = new Map<string, string>();
    const htmlOfPart = ({ raw, kind, tokens }: Part, level = 0) => {
      const key = `${version}${raw.includes("[") ? context.number : ""}${kind}${level}|${raw}`;
      const html =
        next.get(key) ?? made.get(key) ?? (tokens && attempt(() => render(tokens, level, env))) ?? plain(raw);
      next.set(key, html);
      return html;
    };
    const rank = headingRanks();
    const blocks = parsed.parts.map((part, index): Block => {
      const level = part.depth > 0 ? rank(part.depth) : 0;
      const key = String(index);
      const [first] = part.tokens ?? [];
      if (part.items !== null && first) {
        const start = first.attrGet("start");
        const items = part.items.map((item) => htmlOfPart(item));
        return {
          key,
          html: "",
          list: { tag: first.tag as "ul" | "ol", start: start === null ? null : Number(start), items },
        };
      }
      if (first?.type === "fence" && !isFormula(first.info)) {
        const language = languageOf(first.info);
        const isLast = isGrowing && index === parsed.parts.length - 1;
        const content = first.content.replace(/\n$/, "");
        const chunks = chunksOf(content, language, version, isLast, made, next);
        return { key, html: "", code: { language, source: content, chunks, isGrowing: isLast } };
      }
      return { key, html: htmlOfPart(part, level) };
    });
    made = next;
    return blocks;
  };
}

/** Code in pieces, of which only the last changes while it grows; as one where the pieces would be coloured wrongly. */
function chunksOf(
  content: string,
  language: string,
  version: string,
  isGrowing: boolean,
  made: ReadonlyMap<string, string>,
  next: Map<string, string>,
): string[] {
  const coloured = (piece: string) => {
    const key = `${version}${language}code|${piece}`;
    const html = next.get(key) ?? made.get(key) ?? sanitize(highlight(piece, language) ?? escapeHtml(piece));
    next.set(key, html);
    return html;
  };
  const lines = content.split("\n");
  const pieces: string[] = [];
  for (let line = 0; line < lines.length; line += CHUNK_LINES) {
    const end = Math.min(line + CHUNK_LINES, lines.length);
    pieces.push(lines.slice(line, end).join("\n") + (end < lines.length ? "\n" : ""));
  }
  if (isGrowing) return pieces.map(coloured);
  const whole = coloured(content);
  const wasInPieces = made.has(`${version}${language}code|${pieces[0]}`);
  const chunks = wasInPieces ? pieces.map(coloured) : [];
  return chunks.join("") === whole ? chunks : [whole]; // so that a selection in it stays
}

/** The blocks of a text that goes on where another ended; null where all of it has to be parsed. */
function grown({ parts, references }: Parsed, lines: string[]): Parsed | null {
  const last = parts.at(-1);
  const item = last?.items?.at(-1);
  // A definition may stand between two blocks, where it belongs to none.
  if (last === undefined || Object.keys(references ?? {}).length > 0) return null;
  const from = (item ?? last).from;
  const tail = parse(lines, from);
  const [first, ...others] = tail.parts;
  if (!first || Object.keys(tail.references ?? {}).length > 0) return null;
  if (item === undefined) return { parts: [...parts.slice(0, -1), ...tail.parts], references };
  if (first.items === null || last.tokens?.[0]?.type !== first.tokens?.[0]?.type) return null;
  const items = [...(last.items ?? []).slice(0, -1), ...first.items];
  return { parts: [...parts.slice(0, -1), { ...last, items }, ...others], references };
}

/** The top-level blocks of a text from a line on, each with the lines that it was made of. */
function parse(lines: readonly string[], from = 0): Parsed {
  const env: Env = {};
  const tail = from === 0 ? lines : lines.slice(from);
  const parts: Part[] = [];
  let open: Token[] = [];
  for (const token of blockParser.parse(tail.join("\n"), env)) {
    open.push(token);
    if (token.level > 0 || token.nesting === 1) continue;
    if (token.type !== "reference_definition") parts.push(partOf(open, tail, from)); // which shows nothing
    open = [];
  }
  return { parts, references: env.references };
}

function partOf(tokens: Token[], lines: readonly string[], from: number): Part {
  const [start, end] = tokens[0]?.map ?? [0, lines.length];
  const isTooDeep = tokens.some(({ level }) => level > DEEPEST_SHOWN);
  const isList = !isTooDeep && /^(?:bullet|ordered)_list_open$/.test(tokens[0]?.type ?? "");
  return {
    raw: (tokens[0]?.meta?.raw as string | undefined) ?? lines.slice(start, end).join("\n"),
    kind: "",
    from: from + start,
    tokens: isTooDeep ? null : tokens,
    depth: tokens[0]?.type === "heading_open" ? Number(tokens[0].tag.slice(1)) : 0,
    items: isList ? itemsOf(tokens, lines, from) : null,
  };
}

/** The items of a list; each begins and ends with the tokens of the item itself. */
function itemsOf(tokens: Token[], lines: readonly string[], from: number): Part[] {
  const items: Part[] = [];
  let open: Token[] = [];
  for (const token of tokens.slice(1, -1)) {
    open.push(token);
    if (token.level > 1 || token.nesting === 1) continue;
    const [start, end] = open[0]?.map ?? [0, lines.length];
    const isLoose = open.some(({ type, hidden, level }) => type === "paragraph_open" && level === 2 && !hidden);
    const raw = lines.slice(start, end).join("\n");
    const kind = isLoose ? "loose item" : "item";
    items.push({ raw, kind, from: from + start, tokens: open, depth: 0, items: null });
    open = [];
  }
  return items;
}

/** A function that ranks headings as they come, so that none skips a level whatever the model wrote. */
function headingRanks(): (depth: number) => number {
  const above: number[] = [];
  return (depth) => {
    while ((above.at(-1) ?? 0) >= depth) above.pop();
    above.push(depth);
    return Math.min(FIRST_HEADING + above.length - 1, DEEPEST_HEADING);
  };
}

const plain = (text: string) => sanitize(`<p class="plain">${escapeHtml(text)}</p>`);

/** What a function returns; null where it fails, which hostile texts can bring any parser to. */
function attempt<T>(make: () => T): T | null {
  try {
    return make();
  } catch {
    return null;
  }
}
