/** What the server says is said in the language of the page, where the page knows it by its code. */

import { beforeAll, expect, test } from "vitest";

let sentenceOf: typeof import("../src/language/problems").sentenceOf;
beforeAll(async () => {
  localStorage.setItem("hubbub.language", "de");
  ({ sentenceOf } = await import("../src/language/problems"));
});

test("a known problem is told in German, with when to come back and the reference for operators", () => {
  const said = "The model's server refused with status 500. Try again later. (Reference: ab12cd34)";
  expect(sentenceOf("refused", said)).toMatch(/^Der Server des Modells hat abgelehnt\..*\(Referenz: ab12cd34\)$/);
  expect(sentenceOf("overloaded", "Too many.", 6.2)).toContain("in 7 s");
  expect(sentenceOf("over_quota", "Used up.", 3600)).toContain("in 60 min");
  expect(sentenceOf("over_quota", "Used up.", 86_400)).toContain("in 24 Stunden");
});

test("what only the server's own sentence tells is left as it is", () => {
  for (const code of ["invalid", "too_large", "constructor", ""]) expect(sentenceOf(code, "50 MB is the limit.")).toBe("50 MB is the limit.");
});
