/** What is written or on its way when the page is left, as the page has it that comes after in the same tab. */

import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Question } from "../src/api/resources";
import { emptyAnswer } from "../src/state/answer";
import { until } from "./until";

const browserFetch = globalThis.fetch;
const asked: { question_id: string; text: string }[] = [];
let isDown = true;
/** Those that nobody answers yet, as by a server behind a connection that has just gone. */
const held: ServerResponse[] = [];
const said = { chat_id: "c1", created_at: 0, model: "", collections: [] };
const chat = { id: "c1", title: "Of a name" };
const told = { ...said, id: "a1", role: "assistant", text: "", answer: { ...emptyAnswer("a1"), number: 1 } };
const server = createServer(async (request, response) => {
  let body = "";
  for await (const piece of request) body += piece;
  const reply = (told: unknown) => response.end(JSON.stringify(told));
  if (request.url === "/api/questions") asked.push(JSON.parse(body));
  if (isDown) return held.push(response);
  const messages = asked.map(({ question_id, text }) => ({ ...said, id: question_id, parent_id: null, role: "user", text }));
  const [question] = messages;
  const answer = { ...told, parent_id: question?.id };
  if (request.url === "/api/questions") return reply({ chat, question, answer });
  return request.url === "/api/chats/c1" ? reply({ chat, messages: [question, answer] }) : held.push(response);
});

const base = Object.assign(document.createElement("base"), { href: "/" }); // as the page has it

beforeAll(async () => {
  document.head.append(base);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  globalThis.fetch = (path, init) => browserFetch(`http://127.0.0.1:${port}${path}`, init);
});
afterAll(async () => {
  dropBefore();
  base.remove();
  globalThis.fetch = browserFetch;
  history.replaceState(null, "", "/"); // other files of tests are at the same address
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Of the page that was there before: it is gone, and its listeners with it. */
let dropBefore = () => {};

/** The page as it is loaded anew. */
async function nextPage() {
  dropBefore();
  vi.resetModules();
  const [drafts, outgoing, queue, thread] = await Promise.all([
    import("../src/state/drafts"),
    import("../src/state/outgoing"),
    import("../src/state/queue"),
    import("../src/state/thread"),
  ]);
  const open = new AbortController();
  dropBefore = () => {
    outgoing.dropUnsent();
    open.abort();
  };
  thread.runThread(open.signal);
  queue.runQueue();
  return { ...drafts, ...outgoing, ...queue, ...thread };
}

test("a question on its way is sent again by the next page, and is the same one", async () => {
  const page = await nextPage();
  page.ask("Is it there yet?");
  await until(() => expect(asked).toHaveLength(1));
  dispatchEvent(new Event("pagehide"));
  isDown = false;
  for (const response of held.splice(0)) response.writeHead(422).end("{}"); // the page that asked is gone
  const next = await nextPage();
  await until(() => expect(location.pathname).toBe("/c/c1"));
  expect(new Set(asked.map(({ question_id }) => question_id)).size).toBe(1);
  expect(next.path.value.map(({ message }) => message.text)).toEqual(["Is it there yet?", ""]);
  expect(sessionStorage.getItem("hubbub.outgoing")).toBeNull();
});

test("what waits for the end of an answer is typed there, and nothing of it is left to who comes after a sign-out", async () => {
  const page = await nextPage();
  await until(() => expect(page.openAnswerId.value).toBe("a1"));
  page.enqueue("And then?", { pictures: [], files: [], filesId: null });
  dispatchEvent(new Event("pagehide"));
  expect((await nextPage()).draft.value).toBe("And then?");
  sessionStorage.clear();
  page.dropUnsent();
  dispatchEvent(new Event("pagehide"));
  expect(sessionStorage.getItem("hubbub.drafts")).toBeNull();
});

test("an old question is typed again instead: nobody expects it to be asked any more", async () => {
  history.replaceState(null, "", "/");
  const questions = [{ question_id: "q9", chat_id: null, text: "Of yesterday" }];
  sessionStorage.setItem("hubbub.outgoing", JSON.stringify({ at: Date.now() - 3_600_000, questions }));
  const page = await nextPage();
  expect(page.draft.value).toBe("Of yesterday");
  expect(page.outgoing.value.size).toBe(0);
});

test("what did not reach the server is sent once that is back, and what was refused is not", async () => {
  const page = await nextPage();
  const before = asked.length;
  for (const [id, isUnreached] of [["q1", true], ["q2", false]] as const) {
    const question = { question_id: id, chat_id: "c1", parent_id: null, text: id } as Question;
    page.setOutgoing(id, { question, problem: "Not sent", isUnreached });
  }
  page.sendUnreached();
  await until(() => expect([...page.outgoing.value.keys()]).toEqual(["q2"]));
  expect(asked.slice(before).map(({ text }) => text)).toEqual(["q1"]);
});
