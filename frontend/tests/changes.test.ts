/** Changes of one thing, which must not overtake each other, on a real socket. */

import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { request } from "../src/api/http";
import { until } from "./until";

const browserFetch = globalThis.fetch;
const { signal } = new AbortController();
let seen: string[] = [];
let held: ServerResponse[] = [];
const server = createServer(async (incoming, response) => {
  let body = "";
  for await (const piece of incoming) body += piece;
  seen.push(`${incoming.method} ${incoming.url} ${body}`);
  if (body.includes("slow")) held.push(response);
  else response.writeHead(body.includes("refused") ? 422 : 200).end("{}");
});

beforeEach(async () => {
  seen = [];
  held = [];
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  globalThis.fetch = (path, init) => browserFetch(`http://127.0.0.1:${port}${path}`, { ...init, signal: null });
});
afterEach(async () => {
  globalThis.fetch = browserFetch;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Answer the slow change, once it has arrived. */
async function release(): Promise<void> {
  await until(() => expect(held).toHaveLength(1));
  held[0]?.writeHead(200).end("{}");
}
const put = (path: string, body: string) => request(signal, "PUT", path, { body });

test("a later change of a thing waits for the earlier one, and those of other things do not", async () => {
  const first = put("/a", "slow");
  const second = put("/a", "second");
  const third = request(signal, "DELETE", "/a");
  await put("/b", "other");
  await until(() => expect(held).toHaveLength(1));
  expect(seen.sort()).toEqual(['PUT /a "slow"', 'PUT /b "other"']);
  await release();
  await Promise.all([first, second, third]);
  expect(seen.slice(2)).toEqual(['PUT /a "second"', "DELETE /a "]);
});

test("a change that is refused holds up none after it", async () => {
  const first = put("/a", "refused");
  const second = put("/a", "second");
  await expect(first).rejects.toMatchObject({ status: 422 });
  await expect(second).resolves.toEqual({});
});

test("what is only asked for waits for no change", async () => {
  const first = put("/a", "slow");
  await expect(request(signal, "GET", "/a")).resolves.toEqual({});
  await release();
  await first;
});
