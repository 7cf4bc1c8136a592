/** What is said of a document that was read, whole or in part. */

import { expect, test } from "vitest";
import type { Document } from "../src/api/resources";
import { documentProgress } from "../src/state/uploads";

const document: Document = {
  id: "d",
  collection_id: "c",
  name: "scan.pdf",
  title: "",
  media_type: "application/pdf",
  size_bytes: 1,
  state: "ready",
  reason: "",
  pages: 6,
  passages: 1,
  embedded: 1,
  added_at: 0,
  completeness: { characters: 100, held: 0, omitted: [] },
};

test("a document that was read in part says what is missing", () => {
  expect(documentProgress(document)).toEqual({ label: "Ready", part: 1, isOver: true, isFault: false });
  const omitted = [
    { kind: "pages_without_text", text: "5 of 6 pages hold no text", count: 5, of: 6 },
    { kind: "attachments", text: "1 attached file was not read", count: 1, of: 0 },
  ];
  const inPart = { ...document, completeness: { ...document.completeness, omitted } };
  expect(documentProgress(inPart).label).toBe("Ready, but 5 of 6 pages hold no text; 1 attached file was not read");
});
