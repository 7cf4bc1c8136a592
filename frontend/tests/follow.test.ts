/** Following an answer through broken connections, on a real socket. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { follow } from "../src/api/follow";
import { Problem } from "../src/api/http";
import type { NumberedEvent } from "../src/events";

type Turn = (request: IncomingMessage, response: ServerResponse) => void;

const browserFetch = globalThis.fetch;
let turns: Turn[] = [];
let asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(String(request.url));
  const turn = turns.shift();
  if (turn) turn(request, response);
  else response.writeHead(500).end();
});

beforeEach(async () => {
  turns = [];
  asked = [];
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  // A page's addresses have no host; outside a browser they need one, and jsdom's signals are not Node's.
  globalThis.fetch = (path, init) => browserFetch(`http://127.0.0.1:${port}${path}`, init);
});
afterEach(async () => {
  globalThis.fetch = browserFetch;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const begin = (response: ServerResponse) => response.writeHead(200, { "Content-Type": "text/event-stream" });
const of = (answerId: string, ...frames: string[]) => `event: answer\ndata: ${answerId}\n\n${frames.join("")}`;
const text = (number: number) => `id: ${number}\nevent: text\ndata: {"type":"text","text":"${number}"}\n\n`;
const done = (number: number) => `id: ${number}\nevent: done\ndata: {"type":"done","finish_reason":"stop"}\n\n`;
const breakOff = (response: ServerResponse, sent: string) => begin(response).write(sent, () => response.destroy());

async function followAll(answerId = "a1", after = 0) {
  const events: NumberedEvent[] = [];
  await follow(new AbortController().signal, answerId, after, (batch) => events.push(...batch));
  return events.map(({ number }) => number);
}

test("a broken connection is taken up where it broke, and nothing comes twice", async () => {
  turns = [
    (_, response) => breakOff(response, of("a1", text(1), text(2))),
    (_, response) => breakOff(response, ": ping\n\n"),
    (_, response) => begin(response).end(of("a1", text(2), text(3), done(4))),
  ];
  expect(await followAll()).toEqual([1, 2, 3, 4]);
  expect(asked).toEqual([1, 2, 3].map((turn) => `/api/answers/events?follow=a1.${turn === 1 ? 0 : 2}`));
});

test("many answers come over one connection, each to whoever follows it", async () => {
  turns = [
    (_, response) => begin(response).end(of("a1", text(1)) + of("a2", text(8), done(9)) + of("a1", text(2), done(3))),
  ];
  expect(await Promise.all([followAll("a1"), followAll("a2", 7), followAll("a1", 1)])).toEqual([
    [1, 2, 3],
    [8, 9],
    [2, 3],
  ]);
  expect(asked).toEqual(["/api/answers/events?follow=a1.0&follow=a2.7"]);
});

test("whoever comes later, and is behind, gets what it has missed, and nobody gets anything twice", async () => {
  let late: Promise<number[]> = Promise.resolve([]);
  turns = [
    (_, response) => {
      begin(response).write(of("a1", text(1), text(2)));
      setTimeout(() => {
        late = followAll("a1", 0);
      }, 50);
    },
    (_, response) => begin(response).end(of("a1", text(1), text(2), text(3), done(4))),
  ];
  expect(await followAll()).toEqual([1, 2, 3, 4]);
  expect(await late).toEqual([1, 2, 3, 4]);
  expect(asked).toEqual(["/api/answers/events?follow=a1.0", "/api/answers/events?follow=a1.0"]);
});

test("the connection is given up when nobody follows any more", async () => {
  let hasClosed: () => void = () => {};
  const closed = new Promise<void>((resolve) => {
    hasClosed = resolve;
  });
  const controller = new AbortController();
  turns = [
    (request, response) => {
      request.on("close", hasClosed);
      begin(response).write(of("a1", text(1)));
    },
  ];
  const following = follow(controller.signal, "a1", 0, () => controller.abort());
  await expect(following).rejects.toMatchObject({ name: "AbortError" });
  await closed;
});

test("a server that is away for a moment is waited for", async () => {
  turns = [
    (_, response) => response.writeHead(503, { "Content-Type": "application/problem+json" }).end("{}"),
    (_, response) => response.destroy(),
    (_, response) => begin(response).end(of("a1", done(1))),
  ];
  expect(await followAll()).toEqual([1]);
});

test("an answer that has ended, and has nothing more, is over", async () => {
  turns = [(_, response) => begin(response).end(of("a1", "event: over\ndata: {}\n\n"))];
  expect(await followAll("a1", 7)).toEqual([]);
});

test("an answer that breaks off is taken up again, while others go on", async () => {
  turns = [
    (_, response) => begin(response).write(of("a1", text(1), "event: trouble\ndata: store\n\n") + of("a2", text(1))),
    (_, response) => begin(response).end(of("a1", done(2)) + of("a2", done(2))),
  ];
  expect(await Promise.all([followAll("a1"), followAll("a2")])).toEqual([
    [1, 2],
    [1, 2],
  ]);
});

test("a refusal for good is told, not tried again, and concerns one answer alone", async () => {
  const refused = 'event: refused\ndata: {"code":"not_found","detail":"There is no such answer."}\n\n';
  turns = [(_, response) => begin(response).end(of("a1", refused) + of("a2", done(1)))];
  const [problem, numbers] = await Promise.all([followAll("a1").catch((error: unknown) => error), followAll("a2")]);
  expect(problem).toBeInstanceOf(Problem);
  expect(problem).toMatchObject({ status: 404, code: "not_found", message: "There is no such answer." });
  expect(numbers).toEqual([1]);
  expect(asked).toHaveLength(1);
});

test("a refusal of the whole connection is told to all", async () => {
  turns = [(_, response) => response.writeHead(401).end('{"code":"not_signed_in","detail":"Sign in."}')];
  const both = [followAll("a1"), followAll("a2")].map((one) => one.catch((error: unknown) => error));
  for (const problem of await Promise.all(both)) expect(problem).toMatchObject({ status: 401, message: "Sign in." });
});

test("that nothing can be stored is told, not waited out", async () => {
  const detail = "The server can't store anything now. Tell whoever runs it.";
  turns = [
    (_, response) => begin(response).end(of("a1", text(1), "event: trouble\ndata: store_lost\n\n")),
    (_, response) => response.writeHead(507).end(JSON.stringify({ code: "store_lost", detail })),
  ];
  const problem = await followAll().catch((error: unknown) => error);
  expect(problem).toMatchObject({ status: 507, code: "store_lost", message: detail });
  expect(asked).toHaveLength(2);
});

test("giving up ends it at once, in the stream and between two tries", async () => {
  for (const turn of [(_: IncomingMessage, response: ServerResponse) => begin(response).write(text(1)), undefined]) {
    turns = turn ? [turn as Turn] : [];
    const controller = new AbortController();
    const following = follow(controller.signal, "a1", 0, () => {});
    setTimeout(() => controller.abort(), 150);
    await expect(following).rejects.toMatchObject({ name: "AbortError" });
  }
});
