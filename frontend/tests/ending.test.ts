/** What is said below an answer that did not simply end. */

import { expect, test } from "vitest";
import { emptyAnswer } from "../src/state/answer";
import { canGoOn, leftOutText, noteOf } from "../src/views/thread/Ending";
import { readingText } from "../src/views/thread/waiting";

test("an answer goes on where it broke off, and nowhere else", () => {
  const said = { ...emptyAnswer("a"), text: "As long as" };
  expect(canGoOn({ ...said, state: "done", finish_reason: "length" })).toBe(true);
  expect(canGoOn({ ...said, state: "done", finish_reason: "deadline" })).toBe(true);
  expect(canGoOn({ ...said, state: "failed" })).toBe(true);
  expect(canGoOn({ ...said, state: "stopped" })).toBe(true);
  expect(canGoOn({ ...said, state: "done", finish_reason: "stop" })).toBe(false);
  expect(canGoOn({ ...said, state: "stopped", stop_reason: "right_ended" })).toBe(false); // it would be refused
  expect(canGoOn({ ...said, state: "open" })).toBe(false);
  expect(canGoOn({ ...said, state: "failed", text: "" })).toBe(false);
  expect(canGoOn({ ...said, state: "done", finish_reason: "length", way: "quotes" })).toBe(false);
});

test.each([
  [{ turns: 1 }, "without the earliest message."],
  [{ turns: 4 }, "without the 4 earliest messages."],
  [{ shortened: 1 }, "with a long message only in part."],
  [{ summarized: 1 }, "with a summary of an earlier message."],
  [
    { turns: 1, summarized: 12, shortened: 1 },
    "without the earliest message, with a summary of 12 earlier messages and with a long message only in part.",
  ],
  [{ turns: 2, shortened: 3 }, "without the 2 earliest messages and with 3 long messages only in part."],
])("what the model was not given: %j", (left, text) => {
  expect(leftOutText({ type: "left_out", ...left })).toBe(`The chat is longer than this model can read: it answered ${text}`);
});

test.each([
  [["a.pdf"], false, [], "“a.pdf” is still being read"],
  [["a.pdf"], false, [40], "“a.pdf” (40 %) is still being read"],
  [["a.pdf", "b.md"], false, [0, 5], "“a.pdf”, “b.md” (5 %) are still being read"],
  [["a.pdf"], true, [], "“a.pdf” and more are still being read"],
])("what is waited for: %j", (names, has_more, percents, text) => {
  expect(readingText({ type: "still_reading", names, has_more, percents })).toBe(text);
});

test("an answer that ended in its thoughts did begin", () => {
  const thought = { ...emptyAnswer("a"), reasoning: "Hmm" };
  expect(noteOf({ ...thought, state: "stopped" })).toBe("Stopped while the model was thinking.");
  expect(noteOf({ ...emptyAnswer("a"), state: "stopped" })).toBe("Stopped before it began.");
  expect(noteOf({ ...thought, state: "done" })).toBe("The model thought about it, but said nothing.");
  expect(noteOf({ ...thought, text: "x", state: "done", finish_reason: "stop" })).toBeNull();
});
