/** The page folds events exactly as the server does: the golden logs are both one's. */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Answer, Event, NumberedEvent } from "../src/events";
import { apply, emptyAnswer } from "../src/state/answer";

const golden = `${process.cwd()}/../tests/golden`;
const names = readdirSync(golden)
  .filter((name) => name.endsWith(".jsonl"))
  .map((name) => name.slice(0, -".jsonl".length));

function eventsOf(name: string): NumberedEvent[] {
  const lines = readFileSync(`${golden}/${name}.jsonl`, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}

const fold = (name: string, events: readonly NumberedEvent[]): Answer =>
  events.reduce((answer, { number, event }) => apply(answer, number, event), emptyAnswer(name));

describe("the golden logs", () => {
  test("are there", () => expect(names.length).toBeGreaterThan(8));

  test.each(names)("%s", (name) => {
    const expected = JSON.parse(readFileSync(`${golden}/${name}.json`, "utf8"));
    expect(fold(name, eventsOf(name))).toEqual(expected);
  });

  test.each(names)("%s, with every event told twice and cut anywhere", (name) => {
    const events = eventsOf(name);
    const expected = fold(name, events);
    for (let cut = 0; cut <= events.length; cut++) {
      const resumed = [...events.slice(0, cut), ...events.slice(Math.max(0, cut - 2))];
      expect(fold(name, resumed)).toEqual(expected);
    }
  });
});

test("an event of a newer server only counts", () => {
  const answer = apply(emptyAnswer("a"), 1, { type: "weighed" } as unknown as Event);
  expect(answer).toEqual({ ...emptyAnswer("a"), number: 1 });
});

describe("what servers meant", () => {
  interface Example {
    meant: { text: string; thoughts: string; calls: { name: string; arguments: unknown }[] };
    events: Event[];
  }
  const examples: Example[] = JSON.parse(readFileSync(`${golden}/meant/streams.json`, "utf8"));

  test("is what the page makes of their events", () => {
    expect(examples.length).toBeGreaterThan(50);
    for (const { meant, events } of examples) {
      const answer = events.reduce((one, event, index) => apply(one, index + 1, event), emptyAnswer("a"));
      const calls = answer.calls.map((call) => ({ name: call.name, arguments: JSON.parse(call.arguments) }));
      expect({ text: answer.text, thoughts: answer.reasoning.trim(), calls }).toEqual(meant);
    }
  });
});

test("searches in several steps are kept, each once, and what they found together stands for all", () => {
  const searched = (query: string, found: number, is_step: boolean) =>
    ({ type: "searched", query, hits: Array.from({ length: found }, () => ({})), is_step }) as unknown as Event;
  const events = [searched("a", 2, true), searched("b", 0, true), searched("a", 1, true), searched("a", 3, false)];
  const answer = events.reduce((folded, event, index) => apply(folded, index + 1, event), emptyAnswer("x"));
  expect(answer.steps).toEqual([
    { query: "b", found: 0 },
    { query: "a", found: 1 },
  ]);
  expect([answer.query, answer.hits.length]).toEqual(["a", 3]);
  expect(apply(emptyAnswer("x"), 1, searched("a", 1, false))).not.toHaveProperty("steps");
});
