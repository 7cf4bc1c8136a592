/** Find a quote in a text, whatever line breaks and spaces lie between its words. */

/** From where to where the quote stands; null where it is not there. */
export function placeOfQuote(text: string, quote: string): readonly [number, number] | null {
  const words = quote.split(/\s+/).filter(Boolean);
  if (words.length === 0) return null;
  const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s+");
  const match = new RegExp(pattern, "iu").exec(text);
  return match === null ? null : [match.index, match.index + match[0].length];
}
