/** What a search is written as in its address, and which part of a passage is shown. */

import { expect, test } from "vitest";
import { addressOf, type Wanted, wantedIn } from "../src/state/wanted";
import { excerptOf } from "../src/views/Marked";

const wanted: Wanted = { words: "a & b", collections: ["x", "y"], kinds: [""], name: "r*", from: "2026-11-29", to: "" };

test("an address says all of a search, and nothing where nothing is looked for", () => {
  expect(wantedIn(addressOf(wanted))).toEqual(wanted);
  expect(addressOf({ words: "", collections: [], kinds: [], name: "", from: "", to: "" })).toBe("");
  expect(wantedIn("")).toBeNull();
  expect(wantedIn("?from=yesterday")?.from).toBe("");
});

test("an excerpt has the first mark in it, whole words, and its marks where its words are", () => {
  const text = `${"before ".repeat(100)}𝄞 found ${"after ".repeat(100)}`;
  const start = [...text].join("\u0000").split("\u0000").findIndex((_, at, all) => all.slice(at, at + 5).join("") === "found");
  const excerpt = excerptOf(text, [[start, start + 5]], 120);
  const [[from, to] = [0, 0]] = excerpt.marks;
  expect([...excerpt.text].slice(from, to).join("")).toBe("found");
  expect(excerpt.text).toMatch(/^… before .* after …$/);
  expect([...excerpt.text].length).toBeLessThan(130);
});

test("a short text is shown whole, and one without spaces is cut anywhere", () => {
  expect(excerptOf("short", [[0, 5]], 120)).toEqual({ text: "short", marks: [[0, 5]] });
  const cut = excerptOf("字".repeat(500), [[400, 401]], 120);
  expect([...cut.text].length).toBe(124);
});
