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
  asked.push(`${request.url} ${request.headers["last-event-id"]}`);
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
const text = (number: number) => `id: ${number}\nevent: text\ndata: {"type":"text","text":"${number}"}\n\n`;
const done = (number: number) => `id: ${number}\nevent: done\ndata: {"type":"done","finish_reason":"stop"}\n\n`;
const breakOff = (response: ServerResponse, sent: string) => begin(response).write(sent, () => response.destroy());

async function followAll(after = 0) {
  const events: NumberedEvent[] = [];
  const last = await follow(new AbortController().signal, "a1", after, (batch) => events.push(...batch));
  return { last, numbers: events.map(({ number }) => number) };
}

test("a broken connection is taken up where it broke, and nothing comes twice", async () => {
  turns = [
    (_, response) => breakOff(response, text(1) + text(2)),
    (_, response) => breakOff(response, ": ping\n\n"),
    (_, response) => begin(response).end(text(2) + text(3) + done(4)),
  ];
  expect(await followAll()).toEqual({ last: 4, numbers: [1, 2, 3, 4] });
  expect(asked).toEqual([
    "/api/answers/a1/events?after=0 0",
    "/api/answers/a1/events?after=2 2",
    "/api/answers/a1/events?after=2 2",
  ]);
});

test("a server that is away for a moment is waited for", async () => {
  turns = [
    (_, response) => response.writeHead(503, { "Content-Type": "application/problem+json" }).end("{}"),
    (_, response) => response.destroy(),
    (_, response) => begin(response).end(done(1)),
  ];
  expect(await followAll()).toEqual({ last: 1, numbers: [1] });
});

test("204 says that there is nothing more", async () => {
  turns = [(_, response) => response.writeHead(204).end()];
  expect(await followAll(7)).toEqual({ last: 7, numbers: [] });
});

test("a refusal for good is told, not tried again", async () => {
  turns = [(_, response) => response.writeHead(404).end('{"code":"not_found","detail":"There is no such answer."}')];
  const problem = await followAll().catch((error: unknown) => error);
  expect(problem).toBeInstanceOf(Problem);
  expect(problem).toMatchObject({ status: 404, code: "not_found", message: "There is no such answer." });
  expect(asked).toHaveLength(1);
});

test("that nothing can be stored is told, not waited out", async () => {
  const detail = "The server can't store anything now. Tell whoever runs it.";
  turns = [
    (_, response) => begin(response).end(`${text(1)}event: trouble\ndata: store_lost\n\n`),
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
