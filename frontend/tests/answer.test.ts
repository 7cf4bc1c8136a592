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
