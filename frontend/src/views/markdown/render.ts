/** Turn a model's Markdown into safe HTML; the one place where text of others becomes HTML. */

import { Marked, type Token, type Tokens, type TokensList } from "marked";
import { highlight } from "./highlight";
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

const FIRST_HEADING = 3; // the page's own headings stand above
const DEEPEST_HEADING = 6;

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => escapes[character] ?? "");

let references: ReadonlyMap<number, Reference> = new Map();

const marked = new Marked({
  gfm: true,
  extensions: [
    {
      name: "marker",
      level: "inline",
      start: (source) => source.search(/\[\d/),
      tokenizer(source) {
        const match = /^\[(\d{1,4})\](?!\()/.exec(source);
        if (match === null) return undefined;
        return { type: "marker", raw: match[0], marker: Number(match[1]) };
      },
      renderer({ raw, marker }) {
        // Only what was found and sent as a citation can be cited.
        const reference = references.get(marker as number);
        if (reference === undefined) return escapeHtml(raw);
        const title = escapeHtml(reference.title);
        return `<button type="button" class="chip" data-marker="${reference.marker}" title="${title}" aria-label="${reference.marker}, source: ${title}">${reference.marker}</button>`;
      },
    },
  ],
  renderer: {
    html: ({ text }) => escapeHtml(text),
    heading({ tokens, level }: Tokens.Heading & { level?: number }) {
      const rank = level ?? DEEPEST_HEADING;
      return `<h${rank}>${this.parser.parseInline(tokens)}</h${rank}>`;
    },
    link({ href, tokens, text }) {
      const label = this.parser.parseInline(tokens);
      if (!WEB_ADDRESS.test(href)) return label;
      return anchor(href, namesAnotherHost(text, href) ? escapeHtml(href) : label);
    },
    image: ({ href, text }) => {
      if (!WEB_ADDRESS.test(href)) return escapeHtml(text);
      return anchor(href, `${text ? `${escapeHtml(text)}: ` : ""}${escapeHtml(href)}`); // never loaded, only named
    },
    code({ text, lang }) {
      const language = (lang ?? "").match(/^[\w+#.-]{1,30}/)?.[0] ?? "";
      const code = highlight(text, language) ?? escapeHtml(text);
      return (
        `<div class="code"><div class="code-head"><span>${escapeHtml(language || "text")}</span>` +
        `<button type="button" class="code-copy" aria-label="Copy code">Copy</button></div>` +
        `<pre tabindex="0"><code>${code}</code></pre></div>`
      );
    },
    table(token) {
      const row = (cells: typeof token.header, tag: "th" | "td") =>
        `<tr>${cells
          .map(
            ({ tokens, align }) =>
              `<${tag}${align ? ` align="${align}"` : ""}>${this.parser.parseInline(tokens)}</${tag}>`,
          )
          .join("")}</tr>`;
      const body = token.rows.map((cells) => row(cells, "td")).join("");
      return (
        `<div class="table" role="region" aria-label="Table" tabindex="0"><table>` +
        `<thead>${row(token.header, "th")}</thead><tbody>${body}</tbody></table></div>`
      );
    },
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
});

/** A link whose full address is seen before it is followed. */
function anchor(href: string, label: string): string {
  const address = escapeHtml(href);
  return `<a href="${address}" title="${address}" target="_blank" rel="${LINK_REL}">${label}</a>`;
}

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

/**
 * A function that renders a text that grows, block by block; blocks that did not change are not made again.
 *
 * `version` stands for everything else that the HTML depends on (the references, the highlighter).
 */
export function blockRenderer(): (text: string, known: readonly Reference[], version: string) => Block[] {
  let cache = new Map<string, string>();
  return (text, known, version) => {
    references = new Map(known.map((reference) => [reference.marker, reference]));
    const tokens = marked.lexer(text);
    const context = `${version}|${known.length}|${Object.keys(tokens.links).length}|`;
    const rank = headingRanks();
    const next = new Map<string, string>();
    const blocks: Block[] = [];
    for (const token of tokens) {
      if (token.type === "space" || token.type === "def") continue;
      const level = token.type === "heading" ? rank(token.depth) : 0;
      const key = `${context}${level}|${token.raw}`;
      const html = next.get(key) ?? cache.get(key) ?? render({ ...token, level }, tokens);
      next.set(key, html);
      blocks.push({ key: String(blocks.length), html });
    }
    cache = next;
    return blocks;
  };
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

function render(token: Token, { links }: TokensList): string {
  const html = marked.parser(Object.assign([token], { links }));
  return sanitize(html);
}
