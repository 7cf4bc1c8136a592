import { describe, expect, it } from "vitest";
import type { AuditLine, UsageLine } from "../src/api/operators";
import { withNewer } from "../src/views/operators/Audit";
import { narrowed } from "../src/views/operators/Narrow";
import { reportOf } from "../src/views/operators/PersonalData";
import { daysBetween } from "../src/views/operators/Usage";

const line = (number: number): AuditLine => ({
  number,
  at: number,
  who: "p1",
  deed: "sign-in",
  what: "",
  where: "",
  outcome: "done",
  detail: "",
});
const numbers = (lines: readonly AuditLine[]) => lines.map((one) => one.number);

describe("the audit's page", () => {
  it("puts new lines before the others, each once", () => {
    const shown = { lines: [line(3), line(2)], names: { a: "Ann" }, next: 2 };
    const found = withNewer(shown, { lines: [line(4), line(3), line(2)], names: { b: "Ben" }, next: 2 });
    expect(numbers(found.lines)).toEqual([4, 3, 2]);
    expect(found.names).toEqual({ a: "Ann", b: "Ben" });
    expect(found.next).toBe(2);
  });

  it("begins anew where more came than a page holds, so that none is left out", () => {
    const shown = { lines: [line(3)], names: {}, next: null };
    const found = withNewer(shown, { lines: [line(9), line(8)], names: {}, next: 8 });
    expect(numbers(found.lines)).toEqual([9, 8]);
    expect(found.next).toBe(8);
  });

  it("leaves everything where nothing is new", () => {
    const shown = { lines: [line(3)], names: {}, next: null };
    expect(numbers(withNewer(shown, { lines: [line(3)], names: {}, next: null }).lines)).toEqual([3]);
  });
});

describe("the chart of usage", () => {
  it("has each day, also those without anything, over the end of a month and of summer time", () => {
    const used = { name: "2026-10-25", input_tokens: 3, output_tokens: 4 } as UsageLine;
    expect(daysBetween("2026-10-24", "2026-10-26", [used])).toEqual([
      ["2026-10-24", 0],
      ["2026-10-25", 7],
      ["2026-10-26", 0],
    ]);
    expect(daysBetween("2026-02-27", "2026-03-01", []).map(([name]) => name)).toEqual([
      "2026-02-27",
      "2026-02-28",
      "2026-03-01",
    ]);
  });
});

describe("what an erasure came to", () => {
  it("names what went, and leaves out what was not there", () => {
    const job = { report: { chats: 1200, keys: 0, stays: "Lines of the audit", collections: 2 } };
    expect(reportOf(job as never)).toBe(`${(1200).toLocaleString()} chats, 2 collections`);
  });
});

describe("a long list", () => {
  const people = [["Ann Berg", "ann@x.org"], ["", "ben@x.org"], ["Group 10", ""], ["Group 2", ""]];
  const found = (words: string) => narrowed(people, words, (one) => one).map((one) => one.find(Boolean));

  it("has its names in order, numbers by what they are worth", () => {
    expect(found("")).toEqual(["Ann Berg", "ben@x.org", "Group 2", "Group 10"]);
  });

  it("is narrowed down by all words, in names and addresses", () => {
    expect(found(" BERG ann")).toEqual(["Ann Berg"]);
    expect(found("x.org")).toEqual(["Ann Berg", "ben@x.org"]);
    expect(found("nobody")).toEqual([]);
  });
});
