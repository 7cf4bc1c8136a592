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

test("a finer reason with its values goes before the code, and keeps the reference", async () => {
  const reason = { code: "file_too_large", values: { megabytes: 1200 } };
  expect(sentenceOf("too_large", "The file is larger than 1200 MB.", null, reason)).toBe(
    "Die Datei ist größer als 1.200 MB. Teilen Sie sie auf.",
  );
  expect(sentenceOf("too_large", "So it is.", null, { code: "of_a_newer_server" })).toBe("So it is.");
  expect(sentenceOf("invalid", "So it is.", null, { code: "constructor" })).toBe("So it is.");
});

test("several sentences are said in German, or all of them as they came", async () => {
  const { sentencesOf } = await import("../src/language/problems");
  const why = [{ code: "damaged" }, { code: "earlier_gone" }];
  expect(sentencesOf(why, "Both.")).toBe(
    "Die Datei ist beschädigt. Speichern Sie sie neu und fügen Sie sie noch einmal hinzu. " +
      "Was von der früheren Fassung gelesen wurde, wird nicht mehr gefunden.",
  );
  expect(sentencesOf([...why, { code: "unheard_of" }], "Both.")).toBe("Both.");
  expect(sentencesOf(undefined, "Both.")).toBe("Both.");
});

test("what was left out of a document is said in German, with the file within it", async () => {
  const { omissionOf } = await import("../src/language/problems");
  const omission = { kind: "pages_without_text", text: "5 of 6 pages hold no text", count: 5, of: 6 };
  expect(omissionOf(omission)).toBe("Seiten ohne Text: 5 von 6");
  expect(omissionOf({ ...omission, within: "a.pdf" })).toBe("a.pdf: Seiten ohne Text: 5 von 6");
  expect(omissionOf({ ...omission, kind: "text", count: 20, of: 1000 })).toBe("etwa 2 % des Textes konnte nicht gelesen werden");
  expect(omissionOf({ ...omission, kind: "of_a_loader_of_ones_own" })).toBe(omission.text);
});
