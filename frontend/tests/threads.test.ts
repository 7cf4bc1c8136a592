/** A long day's chats do not fill the memory: what is known of the last ones stays, and what is nowhere else. */

import { expect, test } from "vitest";
import type { Message } from "../src/api/resources";
import { emptyAnswer } from "../src/state/answer";
import { answerOf, takeAnswer } from "../src/state/answers";
import { blank, keepLatest, threadOf } from "../src/state/threads";

const answered = (chat_id: string): Message => ({
  id: `answer of ${chat_id}`, chat_id, parent_id: null, role: "assistant", text: "", created_at: 0, model: "", collections: [],
});

test("chats that were opened long ago are forgotten with their answers, the unsent and the last ones are not", () => {
  const names = Array.from({ length: 20 }, (_, number) => `chat ${number}`);
  const isNeeded = ({ messages }: { messages: readonly Message[] }) => messages[0]?.chat_id === "chat 3";
  for (const name of names) {
    keepLatest(name, isNeeded);
    threadOf(name).value = { ...blank, messages: [answered(name)], isLoaded: true };
    takeAnswer({ ...emptyAnswer(`answer of ${name}`), number: 1, state: "done", text: name });
  }
  const kept = names.filter((name) => answerOf(`answer of ${name}`).peek().text !== "");
  expect(kept).toContain("chat 3");
  expect(kept).toContain("chat 19");
  expect(kept).toContain("chat 18");
  expect(kept.length).toBeLessThanOrEqual(6);
  expect(threadOf("chat 0").peek().isLoaded).toBe(false);
  expect(threadOf("chat 3").peek().isLoaded).toBe(true);
});
