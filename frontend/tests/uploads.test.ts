/** Which files are refused before they are sent. */

import { File as NodeFile } from "node:buffer";
import { expect, test } from "vitest";
import { refusalOf } from "../src/state/kinds";

const SUFFIXES = [".pdf", ".docx", ".md"];
const file = (name: string, bytes: number[] | string) =>
  new NodeFile([typeof bytes === "string" ? bytes : new Uint8Array(bytes)], name) as unknown as File; // jsdom reads none

test.each([
  ["a known name", file("a.PDF", "x")],
  ["text of an unknown name", file("main.py", "print('ä')")],
  ["a PDF of another name", file("scan", "%PDF-1.7 …")],
  ["an archive that may be a document", file("a.bin", "PK\u0003\u0004 and so on")],
  ["UTF-16", file("notes.asc", [0xff, 0xfe, 0x41, 0x00])],
])("%s is sent", async (_, one) => {
  expect(await refusalOf(one, SUFFIXES, 1000)).toBeNull();
});

test.each([
  ["a picture", file("a.png", [0x89, 0x50, 0x4e, 0x47, 0, 0]), "can’t be read"],
  ["an empty file", file("a.pdf", ""), "empty"],
  ["a file that is too large", file("a.pdf", "x".repeat(2 * 1024 * 1024)), "Too large: files may have up to 1 MB"],
  ["Office of before 2007", file("a.doc", [0xd0, 0xcf, 0x11, 0xe0, 0]), "Save it as .docx"],
])("%s is refused", async (_, one, reason) => {
  expect(await refusalOf(one, SUFFIXES, 1024 * 1024)).toContain(reason);
});
