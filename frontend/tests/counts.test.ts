/** How many documents a collection is said to hold while some of them are still being read. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Collection } from "../src/api/resources";
import { watchList } from "../src/state/documents";
import { collections } from "../src/state/library";

const browserFetch = globalThis.fetch;
const nothing = { ready: 0, failed: 0, partial: 0 };
const counts = [
  { ...nothing, unfinished: 3 },
  { ...nothing, unfinished: 0, ready: 2, failed: 1 },
];
const server = createServer((request, response) => {
  const isList = request.url?.includes("/documents");
  const told = isList ? { documents: [], next: null, counts: counts.shift() } : { collections: [{ id: "plans", documents: 3 }] };
  response.end(JSON.stringify(told));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  globalThis.fetch = (path, init) => browserFetch(`http://127.0.0.1:${port}${path}`, init);
});
afterAll(async () => {
  globalThis.fetch = browserFetch;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test("those on their way count, and other collections stay as they are", async () => {
  collections.value = [
    { id: "plans", documents: 0 },
    { id: "rules", documents: 5 },
  ] as Collection[];
  const known: unknown[] = [];
  const told = () => collections.value?.map(({ id, documents }) => [id, documents]);
  const stop = collections.subscribe(() => known.push(told()));
  await watchList(new AbortController().signal, "plans", { words: "", condition: "", order: "name", descending: false }, 100, () => {});
  stop();
  expect(known).toEqual([
    [["plans", 0], ["rules", 5]],
    [["plans", 3], ["rules", 5]],
    [["plans", 3]],
  ]);
});
