import { describe, expect, test } from "vitest";
import { headingName, pageCount, pageName, placeOf } from "../src/views/sources/place";
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

describe("a place is named as its format has it", () => {
  test.each([
    ["report.pdf", 3, "A › B", "p. 3"],
    ["Deck.PPTX", 3, "A", "Slide 3"],
    ["deck.odp", 1, "", "Slide 1"],
    ["costs.xlsx", null, "2024 › Rent", "Sheet 2024 › Rent"],
    ["costs.ods", null, "", ""],
    ["notes.md", null, "A › B", "B"],
  ])("%s", (name, page, heading, told) => {
    expect(placeOf({ name, page, heading })).toBe(told);
  });

  test("in full and in the library, too", () => {
    expect([pageName("a.pdf", 2), pageName("a.pptx", 2)]).toEqual(["Page 2", "Slide 2"]);
    expect([pageCount("a.pdf", 1), pageCount("a.odp", 2)]).toEqual(["1 page", "2 slides"]);
    expect([headingName("a.md", "X"), headingName("a.xlsm", "X"), headingName("a.xlsm", "")]).toEqual(["X", "Sheet X", ""]);
  });
});
