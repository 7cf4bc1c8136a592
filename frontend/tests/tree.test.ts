import { expect, test } from "vitest";
import type { Message } from "../src/api/resources";
import { newId } from "../src/state/identifiers";
import { routeOf } from "../src/state/route";
import { pathOf, ROOT } from "../src/state/tree";
import { dayLabel } from "../src/views/sidebar/days";
import { placeOfQuote } from "../src/views/sources/quote";
import { isComposing } from "../src/views/keys";

const message = (id: string, parent_id: string | null): Message => ({
  id, chat_id: "c", parent_id, role: id.startsWith("q") ? "user" : "assistant", text: id, created_at: 0, model: "", collections: [],
});
const tree = [
  message("q1", null), message("a1", "q1"), message("q2", "a1"), message("a2", "q2"),
  message("a1b", "q1"), message("q1b", null), message("a3", "q1b"),
];
const ids = (turns: [string, string][]) => pathOf(tree, new Map(turns)).map(({ message }) => message.id);

test("the newest branch is shown, unless another one was turned to", () => {
  expect(ids([])).toEqual(["q1b", "a3"]);
  expect(ids([[ROOT, "q1"]])).toEqual(["q1", "a1b"]);
  expect(ids([[ROOT, "q1"], ["q1", "a1"]])).toEqual(["q1", "a1", "q2", "a2"]);
  expect(ids([[ROOT, "gone"]])).toEqual(["q1b", "a3"]);
});

test("who edited, turned back and went on there finds the latest message after a reload", () => {
  const edited = [message("q1", null), message("a1", "q1"), message("q1b", null), message("a1b", "q1b"), message("q2", "a1"), message("a2", "q2")];
  expect(pathOf(edited, new Map()).map(({ message }) => message.id)).toEqual(["q1", "a1", "q2", "a2"]);
});

test("each step knows its siblings, oldest first", () => {
  expect(pathOf(tree, new Map())[0]?.siblings.map(({ id }) => id)).toEqual(["q1", "q1b"]);
});

test("a tree that bites its tail ends", () => {
  expect(pathOf([message("q1", "a1"), message("a1", "q1"), message("q0", null)], new Map())).toHaveLength(1);
});

test("identifiers have the server's form and sort by time", () => {
  const made = [1, 2, 1_700_000_000_000].map(newId);
  for (const id of made) expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/);
  expect([...made].sort()).toEqual(made);
});

test("addresses say what is shown", () => {
  expect(routeOf("/")).toEqual({ page: "chat", chatId: null });
  expect(routeOf("/c/abc")).toEqual({ page: "chat", chatId: "abc" });
  expect(routeOf("/library")).toEqual({ page: "library", collectionId: null });
  expect(routeOf("/library/x")).toEqual({ page: "library", collectionId: "x" });
});

test("a quote is found across line breaks, and only where it is", () => {
  const text = "It waits\n  in line (fair). End";
  const place = placeOfQuote(text, "waits in line (fair).");
  expect(place && text.slice(...place)).toBe("waits\n  in line (fair).");
  expect(placeOfQuote("other words", "waits in line")).toBeNull();
  expect(placeOfQuote("anything", " ")).toBeNull();
});

test("days have names", () => {
  const now = new Date(2026, 4, 20, 15);
  const before = (days: number) => dayLabel(new Date(2026, 4, 20 - days, 23).getTime() / 1000, now);
  expect([before(0), before(1), before(3), before(20)]).toEqual(["Today", "Yesterday", "Last 7 days", "Last 30 days"]);
});

test("the Enter that confirms a composition sends nothing, in Safari too", () => {
  const key = (init: KeyboardEventInit) => isComposing(new KeyboardEvent("keydown", { key: "Enter", ...init }));
  expect(key({ keyCode: 13 })).toBe(false);
  expect(key({ isComposing: true })).toBe(true);
  expect(key({ keyCode: 229 })).toBe(true); // compositionend has come already
});
