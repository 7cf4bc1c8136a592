import { describe, expect, test } from "vitest";
import { placeOfQuote } from "../src/views/sources/quote";
import { partsOf } from "../src/views/sources/tables";

const shown = (text: string) =>
  partsOf(text).map((part) =>
    part.rows === null
      ? text.slice(part.from, part.to)
      : part.rows.map((row) => row.map(([from, to]) => text.slice(from, to))),
  );

describe("a passage's tables", () => {
  test("stand between its text, cell by cell", () => {
    const text = "Costs\n| Office | Rent |\n| North | 1,000.50 |\n| South |  |\n\nAll of it.";
    expect(shown(text)).toEqual([
      "Costs",
      [
        ["Office", "Rent"],
        ["North", "1,000.50"],
        ["South", ""],
      ],
      "\nAll of it.",
    ]);
    expect(partsOf(text)[1]?.hasHeader).toBe(true);
  });

  test("have names of columns only where the first row could be some", () => {
    expect(partsOf("| 1 | 2 |\n| 3 | 4 |")[0]?.hasHeader).toBe(false);
    expect(partsOf("| Name | 20.5 |\n| a | 4 |")[0]?.hasHeader).toBe(false);
    expect(partsOf("| Region | 2023 |\n| a | 4 |")[0]?.hasHeader).toBe(true);
    expect(partsOf("| Only | one |")[0]?.hasHeader).toBe(false);
  });

  test("are no others' bars", () => {
    for (const text of ["a | b", "|x|", "||", "p || q", "| not closed", "x |"]) expect(shown(text)).toEqual([text]);
  });

  test("a quote is found over lines and cells", () => {
    const text = "| Name | Role |\n| Wilhelmina | Keeper |";
    const place = placeOfQuote(text, "| wilhelmina |  Keeper |");
    expect(place && text.slice(...place)).toBe("| Wilhelmina | Keeper |");
    expect(placeOfQuote(text, "nobody")).toBeNull();
  });
});
