import { expect, test } from "vitest";
import type { Document } from "../src/api/resources";
import { documentProgress } from "../src/state/uploads";

const document = (passages: number, embedded: number): Document => ({
  id: "d",
  collection_id: "c",
  name: "a.pdf",
  title: "",
  media_type: "application/pdf",
  size_bytes: 1,
  state: "embedding",
  reason: "",
  pages: 0,
  passages,
  embedded,
  added_at: 0,
  completeness: { characters: 0, held: 0, omitted: [] },
  is_restricted: false,
});

test.each([
  [50, 20, "20 of 50 (40 %)"],
  [1000, 999, "999 of 1,000 (99 %)"],
  [3, 0, "0 of 3 (0 %)"],
  [0, 0, "0 of 0"],
])("%i passages, %i with a meaning", (passages, embedded, told) => {
  expect(documentProgress(document(passages, embedded)).label).toBe(`Can be found by its words; meanings ${told}`);
});
