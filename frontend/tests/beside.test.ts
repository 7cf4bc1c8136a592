import { expect, test } from "vitest";
import type { Message } from "../src/api/resources";
import { pathOf } from "../src/state/tree";

const message = (id: string, parent_id: string | null, beside?: string): Message => ({
  id, chat_id: "c", parent_id, role: id.startsWith("q") ? "user" : "assistant", text: id, created_at: 0, model: "", collections: [],
  asked_with: beside === undefined ? {} : { beside },
});
const pair = [message("q1", null), message("a", "q1"), message("b", "q1", "a")];
const shown = (messages: Message[], turns: [string, string][] = []) =>
  pathOf(messages, new Map(turns)).map(({ message, beside }) => (beside.length > 0 ? beside.map(({ id }) => id) : message.id));

test("two answers stand beside each other until one is kept", () => {
  expect(shown(pair)).toEqual(["q1", ["a", "b"]]);
  expect(shown(pair, [["q1", "a"]])).toEqual(["q1", "a"]);
  expect(shown(pair, [["q1", "b"]])).toEqual(["q1", "b"]);
});

test("where the chat went on from one, that one was kept, on every device", () => {
  expect(shown([...pair, message("q2", "a")])).toEqual(["q1", "a", "q2"]);
  expect(shown([...pair, message("q2", "b")])).toEqual(["q1", "b", "q2"]);
  expect(shown([...pair, message("q2", "a")], [["q1", "b"]])).toEqual(["q1", "b"]);
});

test("an answer that is made again stays on its side", () => {
  expect(shown([...pair, message("a2", "q1", "b")])).toEqual(["q1", ["a2", "b"]]);
  expect(shown([...pair, message("b2", "q1", "a")])).toEqual(["q1", ["a", "b2"]]);
  expect(shown([...pair, message("a2", "q1", "b"), message("b2", "q1", "a2")])).toEqual(["q1", ["a2", "b2"]]);
});

test("a later answer that stands alone is shown alone, and what is not there is stood beside by nothing", () => {
  expect(shown([...pair, message("c", "q1")])).toEqual(["q1", "c"]);
  expect(shown([message("q1", null), message("b", "q1", "gone")])).toEqual(["q1", "b"]);
  expect(shown([message("q1", null), message("a", "q1", "b"), message("b", "q1", "a")])).toHaveLength(2);
});
