/** Turn a model's Markdown into safe HTML; the one place where text of others becomes HTML. */

import Markdown, { type Env, type MarkdownIt, type Token } from "markdown-it";
import cjkFriendly from "markdown-it-cjk-friendly";
import { highlight } from "./highlight";
import { withFormulas } from "./math";
import { LINK_REL, sanitize, WEB_ADDRESS } from "./sanitize";

/** What a citation marker in the text refers to. */
export interface Reference {
  marker: number;
  title: string;
}

export interface Block {
  key: string;
  html: string;
}

type Known = ReadonlyMap<number, Reference>;

const FIRST_HEADING = 3; // the page's own headings stand above
const DEEPEST_HEADING = 6;
const DEEPEST_SHOWN = 40;
/** The parser drops what lies deeper, so a block that comes near it is shown as plain text. */
const DEEPEST_PARSED = DEEPEST_SHOWN + 10;
const KNOWN = Symbol("known references");

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => escapes[character] ?? "");

function parserWith(steps: string[]): MarkdownIt {
  const parser = new Markdown({ html: false, linkify: true, maxNesting: DEEPEST_PARSED });
  parser.use(cjkFriendly).use(withFormulas);
  parser.core.ruler.enableOnly(steps);
  parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
  parser.validateLink = (address) => WEB_ADDRESS.test(address);
  parser.inline.ruler.before("link", "marker", (state, isSilent) => {
    const match = /^\[(\d{1,4})\](?!\()/.exec(state.src.slice(state.pos, state.pos + 7));
    if (match === null) return false;
    if (!isSilent) state.push("marker", "", 0).content = match[0];
    state.pos += match[0].length;
    return true;
  });
  parser.renderer.rules = { ...parser.renderer.rules, ...rules };
  return parser;
}

const rules: MarkdownIt["renderer"]["rules"] = {
  marker(tokens, index, _, env) {
    // Only what was found and sent as a citation can be cited.
    const raw = tokens[index]?.content ?? "";
    const reference = (env?.[KNOWN] as Known | undefined)?.get(Number(raw.slice(1, -1)));
    if (reference === undefined) return escapeHtml(raw);
    const title = escapeHtml(reference.title);
    return `<button type="button" class="chip" data-marker="${reference.marker}" title="${title}" aria-label="${reference.marker}, source: ${title}">${reference.marker}</button>`;
  },
  formula: (tokens, index) => `<span class="formula">${escapeHtml(tokens[index]?.content ?? "")}</span>`,
  formula_block: (tokens, index) => `<p class="formula">${escapeHtml(tokens[index]?.content ?? "")}</p>`,
  image(tokens, index) {
    const address = String(tokens[index]?.attrGet("src") ?? "");
    const text = tokens[index]?.content ?? "";
    return anchor(address, `${text ? `${escapeHtml(text)}: ` : ""}${escapeHtml(address)}`); // never loaded, only named
  },
  link_open: (tokens, index) => anchorStart(String(tokens[index]?.attrGet("href") ?? "")),
  fence: (tokens, index) => code(tokens[index]?.content ?? "", tokens[index]?.info ?? ""),
  code_block: (tokens, index) => code(tokens[index]?.content ?? "", ""),
  table_open: () => `<div class="table" role="region" aria-label="Table" tabindex="0"><table>`,
  table_close: () => "</table></div>",
  th_open: (tokens, index) => cell(tokens[index]),
  td_open: (tokens, index) => cell(tokens[index]),
};

function cell(token: Token | undefined): string {
  const align = /text-align:(left|center|right)/.exec(String(token?.attrGet("style") ?? ""))?.[1];
  return `<${token?.tag}${align ? ` align="${align}"` : ""}>`;
}

function code(text: string, info: string): string {
  const language = info.trim().match(/^[\w+#.-]{1,30}/)?.[0] ?? "";
  const content = text.replace(/\n$/, "");
  return (
    `<div class="code"><div class="code-head"><span>${escapeHtml(language || "text")}</span>` +
    `<button type="button" class="code-copy" aria-label="Copy code">Copy</button></div>` +
    `<pre tabindex="0"><code>${highlight(content, language) ?? escapeHtml(content)}</code></pre></div>`
  );
}

/** A link whose full address is seen before it is followed. */
function anchorStart(href: string): string {
  const address = escapeHtml(href);
  return `<a href="${address}" title="${address}" target="_blank" rel="${LINK_REL}">`;
}
const anchor = (href: string, label: string) => `${anchorStart(href)}${label}</a>`;

/** Whether a link's text reads like an address, but of another host than the link's. */
function namesAnotherHost(text: string, href: string): boolean {
  const named = /^\s*(?:https?:\/\/)?((?:[\w-]+\.)+[a-z]{2,})(?:[/:?#]|\s*$)/i.exec(text)?.[1];
  if (named === undefined) return false;
  try {
    return new URL(href).hostname.toLowerCase() !== named.toLowerCase();
  } catch {
    return true;
  }
}

/** Finds blocks alone: which of them have to be parsed further is known only then. */
const blockParser = parserWith(["normalize", "block"]);
const inlineParser = parserWith(["inline", "linkify", "text_join"]);

/**
 * A function that renders a text that grows, block by block; blocks that did not change are not made again.
 *
 * `version` stands for what else the HTML depends on besides text and references (the highlighter). Whatever can't be
 * rendered is shown as it was written: one text's failure is that text's alone.
 */
export function blockRenderer(): (text: string, known: readonly Reference[], version: string) => Block[] {
  let cache = new Map<string, string>();
  return (text, known, version) => {
    const env: Env = { [KNOWN]: new Map(known.map((reference) => [reference.marker, reference])) };
    const source = text.replaceAll("\0", "\uFFFD").replace(/\r\n?/g, "\n");
    const parts = attempt(() => partsOf(source, env)) ?? [{ raw: source, tokens: null }];
    // A link may be defined, or still be growing, far from where it stands.
    const context = JSON.stringify([version, known, env.references ?? null]);
    const rank = headingRanks();
    const next = new Map<string, string>();
    const blocks = parts.map(({ raw, tokens }, index) => {
      const level = tokens?.[0]?.type === "heading_open" ? rank(Number(tokens[0].tag.slice(1))) : 0;
      const key = `${context}${level}|${raw}`;
      const html =
        next.get(key) ?? cache.get(key) ?? (tokens && attempt(() => render(tokens, level, env))) ?? plain(raw);
      next.set(key, html);
      return { key: String(index), html };
    });
    cache = next;
    return blocks;
  };
}

interface Part {
  raw: string;
  /** Null where it is shown as it was written. */
  tokens: Token[] | null;
}

/** The top-level blocks of a text, each with the lines that it was made of. */
function partsOf(source: string, env: Env): Part[] {
  const lines = source.split("\n");
  const parts: Part[] = [];
  let open: Token[] = [];
  for (const token of blockParser.parse(source, env)) {
    open.push(token);
    if (token.level > 0 || token.nesting === 1) continue;
    const [from, to] = open[0]?.map ?? [0, lines.length];
    const isTooDeep = open.some(({ level }) => level > DEEPEST_SHOWN);
    parts.push({ raw: lines.slice(from, to).join("\n"), tokens: isTooDeep ? null : open });
    open = [];
  }
  return parts;
}

/** The HTML of one block; null where it is nested too deeply to be shown as anything but plain text. */
function render(tokens: Token[], level: number, env: Env): string | null {
  const state = new inlineParser.core.State("", inlineParser, env);
  state.tokens = tokens;
  inlineParser.core.process(state);
  for (const [index, token] of tokens.entries()) {
    if (token.type === "heading_open" || token.type === "heading_close") {
      token.tag = `h${level || DEEPEST_HEADING}`; // within a list or a quote there is no rank
    } else if (token.children) {
      if (token.children.some((child) => token.level + child.level > DEEPEST_SHOWN)) return null;
      if (tokens[index - 2]?.type === "list_item_open") checkBox(token.children);
      nameHosts(token.children);
    }
  }
  return sanitize(inlineParser.renderer.render(tokens, inlineParser.options, env));
}

/** Show `[ ]` and `[x]` at the beginning of an item as boxes. */
function checkBox([first]: Token[]): void {
  if (first?.type === "text") {
    first.content = first.content.replace(/^\[([ xX])\]\s/, (_, mark) => (mark === " " ? "☐ " : "☑ "));
  }
}

/** Give links the address as their text whose text is the address of somebody else. */
function nameHosts(tokens: Token[]): void {
  for (const [index, link] of tokens.entries()) {
    if (link.type !== "link_open") continue;
    const end = tokens.findIndex(({ type }, place) => place > index && type === "link_close");
    const inner = tokens.slice(index + 1, end);
    const href = String(link.attrGet("href") ?? "");
    if (!namesAnotherHost(inner.map(({ content }) => content).join(""), href)) continue;
    for (const token of inner) Object.assign(token, { type: "text", nesting: 0, content: "" });
    if (inner[0]) inner[0].content = href;
  }
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
