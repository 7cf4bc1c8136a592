/** Show a passage as the document has it: its tables as tables, and the quote in it marked. */

import type { ComponentChildren } from "preact";
import { t } from "../../language/t";
import { reach } from "../reach";
import { placeOfQuote } from "./quote";
import { type Part, partsOf } from "./tables";

export function PassageText({ text, quote }: { text: string; quote: string }) {
  const place = placeOfQuote(text, quote);
  const piece = (from: number, to: number): ComponentChildren => {
    const start = Math.max(from, place?.[0] ?? to);
    const end = Math.min(to, place?.[1] ?? from);
    if (start >= end) return text.slice(from, to);
    return [text.slice(from, start), <mark key="quote">{text.slice(start, end)}</mark>, text.slice(end, to)];
  };
  return (
    <>
      {partsOf(text).map((part) =>
        part.rows === null ? (
          <p key={part.from} class="passage-text" dir="auto">
            {piece(part.from, part.to)}
          </p>
        ) : (
          <Rows key={part.from} part={part} piece={piece} />
        ),
      )}
    </>
  );
}

function Rows({ part, piece }: { part: Part; piece: (from: number, to: number) => ComponentChildren }) {
  const rows = part.rows ?? [];
  const Head = part.hasHeader ? "th" : "td";
  return (
    <div class="passage-table" ref={(element) => reach(element, t("Table"))}>
      <table>
        <tbody>
          {rows.map((cells, index) => (
            <tr key={cells[0]?.[0] ?? index}>
              {cells.map(([from, to]) => {
                const Cell = index === 0 ? Head : "td";
                return (
                  <Cell key={from} dir="auto">
                    {piece(from, to)}
                  </Cell>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
