/** A question that the server refuses for now: what it says is shown, and what was typed is not lost. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Collection, Message, Question } from "../src/api/resources";
import { draft, setDraft } from "../src/state/drafts";
import { emptyAnswer } from "../src/state/answer";
import { dropUnsent, outgoing, setOutgoing } from "../src/state/outgoing";
import { add, ask, newChat, path, runThread } from "../src/state/thread";
import { chooseCollections, collections } from "../src/state/library";
import { asksOverGone, lacksCollection, runRefusals, withoutGone } from "../src/state/refusals";
import { until } from "./until";

const browserFetch = globalThis.fetch;
const page = new AbortController();
/** What comes to the questions that are asked from now on; null: they are refused. */
let asked: ((question: { question_id: string; text: string; parent_id: string | null }) => unknown) | null = null;
/** What was looked at again. */
const looked: (string | undefined)[] = [];
const server = createServer(async (request, response) => {
  if (request.method === "GET") looked.push(request.url);
  if (asked !== null && request.url === "/api/questions") {
    let body = "";
    for await (const piece of request) body += piece;
    response.writeHead(202, { "Content-Type": "application/json" }).end(JSON.stringify(asked(JSON.parse(body))));
    return;
  }
  const told = { code: "overloaded", detail: "Too many wait. Try again in 7 s.", retry_after_seconds: 7 };
  response.writeHead(503, { "Content-Type": "application/problem+json", "Retry-After": "7" }).end(JSON.stringify(told));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  globalThis.fetch = (path, init) => browserFetch(`http://127.0.0.1:${port}${path}`, init);
  runThread(page.signal);
  runRefusals(page.signal);
});
afterAll(async () => {
  page.abort();
  globalThis.fetch = browserFetch;
  history.replaceState(null, "", "/"); // other files of tests are at the same address
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const problems = () => [...outgoing.value.values()].map(({ problem }) => problem);

test("it stays where it was asked, with what the server said; a new chat has it typed again", async () => {
  ask("What is a queue?");
  await until(() => expect(problems()).toEqual(["Too many wait. Try again in 7 s."]));
  expect(path.value.map(({ message }) => message.text)).toEqual(["What is a queue?"]);
  await until(() => expect(looked.sort()).toEqual(["/api/collections", "/api/models"])); // of them one may be gone
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

test("of a temporary chat nothing is left to the page that comes after", () => {
  dropUnsent();
  runThread(page.signal);
  sessionStorage.clear();
  setDraft("");
  const refused = (question_id: string, is_temporary: boolean) => {
    const question = { question_id, chat_id: null, text: question_id, is_temporary } as unknown as Question;
    setOutgoing(question_id, { question, problem: "Not now", isUnreached: false });
  };
  refused("Of a secret", true);
  refused("Of a plan", false);
  dispatchEvent(new Event("pagehide"));
  expect(JSON.parse(sessionStorage.getItem("hubbub.drafts") ?? "")).toEqual({ new: "Of a plan" });
});

test("who has signed out leaves nothing of it to the page that comes after", () => {
  dropUnsent();
  sessionStorage.clear();
  dispatchEvent(new Event("pagehide"));
  expect(sessionStorage.getItem("hubbub.drafts")).toBeNull();
});

test("the next question follows what the server has, and what was not sent before it is typed again", async () => {
  newChat();
  setDraft("");
  ask("Is there room?");
  await until(() => expect(problems()[0]).toContain("7 s"));
  const parents: unknown[] = [];
  asked = ({ question_id, text, parent_id }) => {
    parents.push(parent_id);
    const chat = { id: "c1", title: text };
    const said = { chat_id: "c1", created_at: 0, model: "", collections: [] };
    const question = { ...said, id: question_id, parent_id, role: "user", text };
    const answer = { ...emptyAnswer("a1"), state: "done", number: 1 };
    return { chat, question, answer: { ...said, id: "a1", parent_id: question_id, role: "assistant", text: "", answer } };
  };
  ask("And now?");
  await until(() => expect(location.pathname).toBe("/c/c1"));
  expect(parents).toEqual([null]);
  expect(path.value.map(({ message }) => message.text)).toEqual(["And now?", ""]);
  expect(problems()).toEqual([]);
  expect(draft.value).toBe("Is there room?");
});

test("a chat says that a collection it was asked over is not there any more, until others are chosen", () => {
  const named = (...ids: string[]) => ids.map((id) => ({ id, name: id })) as Collection[];
  collections.value = named("plans", "rules");
  chooseCollections(["plans", "rules"]);
  const last = path.value.findLast(({ message }) => message.role === "user")?.message as Message;
  add("c1", [{ ...last, collections: ["plans", "rules"] }]);
  expect(lacksCollection.value).toBe(false);
  collections.value = named("rules");
  expect(lacksCollection.value).toBe(true);
  chooseCollections(["rules"]);
  expect(lacksCollection.value).toBe(false);
  chooseCollections(["plans"]);
  add("c1", [{ ...last, collections: [] }]); // it is only remembered, from other chats
  expect(lacksCollection.value).toBe(false);
});

test("a refused question is asked again without the collections that are not there any more", () => {
  const question = { text: "Where?", collections: ["plans", "rules"] } as unknown as Question;
  collections.value = null; // nothing is known to be gone
  expect([asksOverGone(question), withoutGone(question)]).toEqual([false, question]);
  collections.value = [{ id: "rules", name: "rules" }] as Collection[];
  expect(asksOverGone(question)).toBe(true);
  expect(withoutGone(question).collections).toEqual(["rules"]);
  expect(asksOverGone(withoutGone(question))).toBe(false);
});
