/** Make the HTML of one block: what stands in its lines, and what holds for the block as a whole. */

import type { Env, Token } from "markdown-it";
import { t } from "../../language/t";
import { DEEPEST_SHOWN, inlineParser } from "./parse";
import { sanitize } from "./sanitize";

const DEEPEST_HEADING = 6;
const ALERT = /^\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][^\S\n]*(?:\n|$)/i;

/** The HTML of one block, or of what stands in one item of a list; null where it is nested too deeply to be shown as anything but plain text. */
export function render(tokens: Token[], level: number, env: Env): string | null {
  for (const token of tokens) if (token.type === "inline") token.children = []; // it may be made a second time
  alerts(tokens);
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
      pairTags(token.children);
    }
  }
  const inner = tokens[0]?.type === "list_item_open" ? tokens.slice(1, -1) : tokens;
  return sanitize(inlineParser.renderer.render(inner, inlineParser.options, env));
}

const ALERT_NAMES: Record<string, () => string> = {
  note: () => t("Note"),
  tip: () => t("Tip"),
  important: () => t("Important"),
  warning: () => t("Warning"),
  caution: () => t("Caution"),
};

/** Whether the first letter of a text is one that is written from right to left. */
const isRightToLeft = (text: string) =>
  /^\P{L}*[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u.test(text);

/** Make boxes of quotes that begin with `[!NOTE]` and the like. */
function alerts(tokens: Token[]): void {
  for (const [index, token] of tokens.entries()) {
    const first = tokens[index + 2];
    if (token.type !== "blockquote_open" || first?.type !== "inline") continue;
    const kind = ALERT.exec(first.content)?.[1]?.toLowerCase();
    if (kind === undefined) continue;
    token.attrSet("class", `alert is-${kind}`);
    const text = first.content.replace(ALERT, "");
    if (isRightToLeft(text)) token.attrSet("dir", "rtl");
    first.content = `**${ALERT_NAMES[kind]?.()}**\n${text}`.trim();
  }
}

/** Show `[ ]` and `[x]` at the beginning of an item as boxes. */
function checkBox([first]: Token[]): void {
  if (first?.type === "text") {
    first.content = first.content.replace(/^\[([ xX])\]\s/, (_, mark) => (mark === " " ? "☐ " : "☑ "));
  }
}

/** Show a closing tag as it was written where nothing is open that it could close. */
function pairTags(tokens: Token[]): void {
  const open = new Map<string, number>();
  for (const token of tokens) {
    if (token.type !== "tag") continue;
    const count = open.get(token.tag) ?? 0;
    if (!token.content.startsWith("</")) open.set(token.tag, count + 1);
    else if (count > 0) open.set(token.tag, count - 1);
    else token.type = "text";
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
