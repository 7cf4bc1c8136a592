/** Find a quote in a text, whatever line breaks and spaces lie between its words. */

/** The text before, in and after the quote; null where it is not there. */
export function splitAtQuote(text: string, quote: string): [string, string, string] | null {
  const words = quote.split(/\s+/).filter(Boolean);
  if (words.length === 0) return null;
  const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s+");
  const match = new RegExp(pattern, "iu").exec(text);
  if (match === null) return null;
  const end = match.index + match[0].length;
  return [text.slice(0, match.index), match[0], text.slice(end)];
}
