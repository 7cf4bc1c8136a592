/** A question that the server refuses for now: what it says is shown, and what was typed is not lost. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { draft, setDraft } from "../src/state/drafts";
import { ask, newChat, outgoing, path, runThread } from "../src/state/thread";
import { until } from "./until";

const browserFetch = globalThis.fetch;
const server = createServer((_, response) => {
  const told = { code: "overloaded", detail: "Too many wait. Try again in 7 s.", retry_after_seconds: 7 };
  response.writeHead(503, { "Content-Type": "application/problem+json", "Retry-After": "7" }).end(JSON.stringify(told));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  globalThis.fetch = (path, init) => browserFetch(`http://127.0.0.1:${port}${path}`, init);
  runThread();
});
afterAll(async () => {
  globalThis.fetch = browserFetch;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const problems = () => [...outgoing.value.values()].map(({ problem }) => problem);

test("it stays where it was asked, with what the server said; a new chat has it typed again", async () => {
  ask("What is a queue?");
  await until(() => expect(problems()).toEqual(["Too many wait. Try again in 7 s."]));
  expect(path.value.map(({ message }) => message.text)).toEqual(["What is a queue?"]);
  setDraft("typed meanwhile");
  newChat();
  expect(path.value).toEqual([]);
  expect(problems()).toEqual([]);
  expect(draft.value).toBe("What is a queue?\n\ntyped meanwhile");
  setDraft("");
});

test("the page that comes after a reload has it typed", async () => {
  setDraft("typed meanwhile");
  ask("What is a queue?");
  await until(() => expect(problems()[0]).toContain("7 s"));
  dispatchEvent(new Event("pagehide"));
  expect(draft.value).toBe("typed meanwhile"); // this page may be shown again, and has it in the chat
  expect(JSON.parse(sessionStorage.getItem("hubbub.drafts") ?? "")).toEqual({
    new: "typed meanwhile\n\nWhat is a queue?",
  });
});
