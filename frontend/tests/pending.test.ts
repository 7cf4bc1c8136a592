/** What could not be loaded says so, and comes by itself once the server is back. */

import { h, render } from "preact";
import { beforeEach, expect, it } from "vitest";
import { Problem } from "../src/api/http";
import { isReachable } from "../src/state/connection";
import { Pending, useLive, usePages } from "../src/views/live";
import { until } from "./until";

let answers: (() => Promise<string>)[] = [];
const next = () => (answers.shift() ?? (() => Promise.reject(new Error("asked too often"))))();
const fails = () => Promise.reject(new Problem(500, "internal", "It is broken."));
const gives = (text: string) => () => Promise.resolve(text);

function Value({ name }: { name: string }) {
  const { value, problem, reload } = useLive(next, 0, name);
  return value === null ? h(Pending, { problem, reload }) : h("p", {}, value);
}

function Pages() {
  const { items, problem, reload } = usePages(async () => ({ items: [await next()], next: null }), "");
  return items === null ? h(Pending, { problem, reload }) : h("p", {}, items.join());
}

const text = () => document.body.textContent;

beforeEach(() => {
  render(null, document.body);
  isReachable.value = true;
});

it.each([
  ["a value", () => h(Value, { name: "" })],
  ["a list", () => h(Pages, {})],
])("says why %s is not there, and loads it once more when it is told to", async (_, element) => {
  answers = [fails, gives("here it is")];
  render(element(), document.body);
  expect(text()).toBe("Loading …");
  await until(() => expect(text()).toContain("It is broken."));
  document.querySelector("button")?.click();
  await until(() => expect(text()).toBe("here it is"));
});

it.each([
  ["a value", () => h(Value, { name: "" })],
  ["a list", () => h(Pages, {})],
])("loads %s by itself as soon as the server is back", async (_, element) => {
  answers = [fails, gives("here it is")];
  render(element(), document.body);
  await until(() => expect(text()).toContain("It is broken."));
  isReachable.value = false;
  await until(() => expect(answers).toHaveLength(1));
  isReachable.value = true;
  await until(() => expect(text()).toBe("here it is"));
});

it("shows nothing of what it has loaded before under another name", async () => {
  answers = [gives("models"), fails];
  render(h(Value, { name: "by model" }), document.body);
  await until(() => expect(text()).toBe("models"));
  render(h(Value, { name: "by person" }), document.body);
  await until(() => expect(text()).toContain("It is broken."));
  expect(text()).not.toContain("models");
});
