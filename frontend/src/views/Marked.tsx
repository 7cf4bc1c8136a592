/** Show a text with the places marked where words were found. */

import type { ComponentChildren } from "preact";

/** So many characters are given up for whole words. */
const NEARBY = 20;

/** From where to where, in code points, as the server counts. */
export type Marks = readonly (readonly [number, number])[];

export function Marked({ text, marks }: { text: string; marks: Marks }) {
  const characters = [...text];
  const parts: ComponentChildren[] = [];
  let end = 0;
  for (const [from, to] of marks) {
    parts.push(characters.slice(end, from).join(""), <mark key={from}>{characters.slice(from, to).join("")}</mark>);
    end = to;
  }
  return [...parts, characters.slice(end).join("")];
}

/** The part of a text around its first mark, of about `most` characters, with what is marked in it. */
export function excerptOf(text: string, marks: Marks, most: number): { text: string; marks: Marks } {
  const characters = [...text];
  if (characters.length <= most) return { text, marks };
  const first = Math.max(0, Math.min((marks[0]?.[0] ?? 0) - Math.floor(most / 4), characters.length - most));
  const last = Math.min(characters.length, first + most);
  // Whole words, where one begins or ends nearby: not all languages put spaces between them.
  const isSpace = (one: string) => /\s/.test(one);
  const from = first === 0 ? 0 : first + characters.slice(first, first + NEARBY).findIndex(isSpace) + 1;
  const space = characters.slice(last - NEARBY, last).findLastIndex(isSpace);
  const to = last === characters.length || space < 0 ? last : last - NEARBY + space;
  const before = from > 0 ? "… " : "";
  const shift = before.length - from;
  return {
    text: before + characters.slice(from, to).join("") + (to < characters.length ? " …" : ""),
    marks: marks
      .filter(([start, end]) => start >= from && end <= to)
      .map(([start, end]) => [start + shift, end + shift]),
  };
}
