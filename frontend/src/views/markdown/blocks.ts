/** What a text is shown as: blocks, each safe HTML, or a list or code that can grow piece by piece. */

/** What a citation marker in the text refers to. */
export interface Reference {
  marker: number;
  title: string;
}

export interface Block {
  key: string;
  /** Empty where it is a list or code, which are kept in pieces. */
  html: string;
  list?: { tag: "ul" | "ol"; start: number | null; items: readonly string[] };
  code?: {
    language: string;
    /** The code as text. */
    source: string;
    chunks: readonly string[];
    /** Whether more of it may come. */
    isGrowing: boolean;
  };
}

/** The HTML of a block as one. */
export function htmlOf({ html, list, code }: Block): string {
  if (list) {
    const items = list.items.map((item) => `<li>${item}</li>`).join("\n");
    return `<${list.tag}${list.start === null ? "" : ` start="${list.start}"`}>${items}</${list.tag}>`;
  }
  return code ? `<pre><code>${code.chunks.join("")}</code></pre>` : html;
}
