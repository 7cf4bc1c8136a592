/** Find the tables in a passage's text: lines whose cells stand between bars, as the server writes them. */

/** From where to where in the text. */
export type Place = readonly [number, number];

export interface Part {
  from: number;
  to: number;
  /** The places of the cells, row by row; null where it is no table. */
  rows: readonly (readonly Place[])[] | null;
  /** Whether the first row names the columns. */
  hasHeader: boolean;
}

const ROW = /^\|\s.*\s\|$|^\|\s+\|$/;
const YEAR = /^(?:19|20)\d\d$/;
const NUMBER = /^[\p{Sc}(]?[-+−]?\d[\d.,:/\s%-]*\)?$/u;

/** The parts of a text, in order; nothing of it is left out but the bars of its tables. */
export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let place = 0;
  for (const line of text.split("\n")) {
    const isRow = ROW.test(line);
    const last = parts.at(-1);
    const end = place + line.length;
    if (last !== undefined && isRow === (last.rows !== null)) {
      last.to = end;
      if (last.rows !== null) last.rows = [...last.rows, cellsOf(line, place)];
    } else {
      parts.push({ from: place, to: end, rows: isRow ? [cellsOf(line, place)] : null, hasHeader: false });
    }
    place = end + 1;
  }
  for (const part of parts) part.hasHeader = namesColumns(text, part.rows);
  return parts.filter(({ from, to, rows }) => rows !== null || text.slice(from, to).trim() !== "");
}

function cellsOf(line: string, start: number): Place[] {
  const cells: Place[] = [];
  let from = 1;
  while (from < line.length) {
    const bar = line.indexOf(" |", from);
    const to = bar < 0 ? line.length : bar;
    const inner = line.slice(from, to);
    const begin = from + (inner.length - inner.trimStart().length);
    cells.push([start + Math.min(begin, to), start + to]);
    from = to + 2;
  }
  return cells;
}

function namesColumns(text: string, rows: Part["rows"]): boolean {
  const [first] = rows ?? [];
  if (first === undefined || (rows?.length ?? 0) < 2) return false;
  const names = first.map(([from, to]) => text.slice(from, to).trim());
  return names.every((name) => name !== "" && (YEAR.test(name) || !NUMBER.test(name)));
}
