/** The parsers, and what each piece of Markdown becomes. */

import Markdown, { type MarkdownIt, type Token } from "markdown-it";
import cjkFriendly from "markdown-it-cjk-friendly";
import { t } from "../../language/t";
import { withBars } from "./bars";
import type { Reference } from "./blocks";
import { withFootnotes } from "./footnotes";
import { highlight } from "./highlight";
import { withTags } from "./html";
import { withFormulas } from "./math";
import { LINK_REL, WEB_ADDRESS } from "./sanitize";
import { withTables } from "./tables";

type Known = ReadonlyMap<number, Reference>;

export const DEEPEST_SHOWN = 40;
/** The parser drops what lies deeper, so a block that comes near it is shown as plain text. */
const DEEPEST_PARSED = DEEPEST_SHOWN + 10;
export const KNOWN = Symbol("known references");

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
export const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => escapes[character] ?? "");

function parserWith(steps: string[]): MarkdownIt {
  const parser = new Markdown({ html: false, linkify: true, maxNesting: DEEPEST_PARSED });
  parser.use(cjkFriendly).use(withFormulas).use(withTags).use(withTables).use(withFootnotes).use(withBars);
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
  Object.assign(parser.renderer.rules, rules);
  return parser;
}

const rules: MarkdownIt["renderer"]["rules"] = {
  marker(tokens, index, _, env) {
    // Only what was found and sent as a citation can be cited.
    const raw = tokens[index]?.content ?? "";
    const reference = (env?.[KNOWN] as Known | undefined)?.get(Number(raw.slice(1, -1)));
    if (reference === undefined) return escapeHtml(raw);
    const title = escapeHtml(reference.title);
    return `<button type="button" class="chip" data-marker="${reference.marker}" title="${title}" aria-label="${escapeHtml(t("{marker}, source: {title}", { marker: reference.marker, title: reference.title }))}">${reference.marker}</button>`;
  },
  formula: (tokens, index) => `<span class="formula">${escapeHtml(tokens[index]?.content ?? "")}</span>`,
  formula_block: (tokens, index) => formulaBlock(tokens[index]?.content ?? ""),
  tag: (tokens, index) => tokens[index]?.content ?? "", // one of a few, without attributes
  image(tokens, index) {
    const address = String(tokens[index]?.attrGet("src") ?? "");
    const text = tokens[index]?.content ?? "";
    return anchor(address, `${text ? `${escapeHtml(text)}: ` : ""}${escapeHtml(address)}`); // never loaded, only named
  },
  link_open: (tokens, index) => anchorStart(String(tokens[index]?.attrGet("href") ?? "")),
  fence(tokens, index) {
    const { content = "", info = "" } = tokens[index] ?? {};
    return isFormula(info) ? formulaBlock(content) : code(content, info);
  },
  code_block: (tokens, index) => code(tokens[index]?.content ?? "", ""),
  table_open: () => `<div class="table" role="group" aria-label="${escapeHtml(t("Table"))}" tabindex="0"><table>`,
  table_close: () => "</table></div>",
  th_open: cell,
  td_open: cell,
};

/** A cell with so many characters gets room for several words a line, though its row then has to be scrolled. */
const LONG_CELL = 32;

function cell(tokens: Token[], index: number): string {
  const token = tokens[index];
  const align = /text-align:(left|center|right)/.exec(String(token?.attrGet("style") ?? ""))?.[1];
  const spans = ["colspan", "rowspan"].map((name) => [name, token?.attrGet(name)] as const);
  const spanned = spans.map(([name, number]) => (number ? ` ${name}="${number}"` : "")).join("");
  const isLong = (tokens[index + 1]?.content.length ?? 0) > LONG_CELL;
  return `<${token?.tag}${align ? ` align="${align}"` : ""}${spanned}${isLong ? ' class="is-long"' : ""}>`;
}

const formulaBlock = (text: string) => `<p class="formula is-block" dir="ltr">${escapeHtml(text)}</p>`;

/** Whether a fence holds a formula. */
export const isFormula = (info: string) => /^(?:math|katex)$/.test(info.trim());

export const languageOf = (info: string) => info.trim().match(/^[\w+#.-]{1,30}/)?.[0] ?? "";

function code(text: string, info: string): string {
  const language = languageOf(info);
  const content = text.replace(/\n$/, "");
  return (
    `<div class="code${language === "mermaid" ? " is-mermaid" : ""}" dir="ltr"><div class="code-head"><span>${escapeHtml(language || "text")}</span>` +
    `<button type="button" class="code-copy" aria-label="${escapeHtml(t("Copy code"))}">${escapeHtml(t("Copy"))}</button></div>` +
    `<pre tabindex="0"><code>${highlight(content, language) ?? escapeHtml(content)}</code></pre></div>`
  );
}

/** A link whose full address is seen before it is followed. */
function anchorStart(href: string): string {
  const address = escapeHtml(href);
  return `<a href="${address}" title="${address}" target="_blank" rel="${LINK_REL}">`;
}
const anchor = (href: string, label: string) => `${anchorStart(href)}${label}</a>`;

/** Finds blocks alone: which of them have to be parsed further is known only then. */
export const blockParser = parserWith(["normalize", "hide_bars", "block", "show_bars"]);
export const inlineParser = parserWith(["inline", "linkify", "text_join"]);
