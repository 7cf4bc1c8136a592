/**
 * A stand-in for the server: the built page and the API with answers from a script, all in memory.
 *
 * `node dev/server.mjs [port]` (default 8000, on 127.0.0.1). Words in a question choose what happens:
 * "queue", "fail", "long", "quote", "code", "hostile", "drop" (the stream breaks every few events).
 */

import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { documents, eventsFor, pagePicture, passages } from "./script.mjs";

const root = fileURLToPath(new URL("../../src/hubbub/web/static/", import.meta.url));
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
  "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
};

const now = () => Date.now() / 1000;
let last = 0;
const newId = () => {
  const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  last = Math.max(last + 1, Date.now());
  let time = "";
  for (let rest = last, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = alphabet[rest % 32] + time;
  return time + [...randomBytes(16)].map((byte) => alphabet[byte & 31]).join("");
};

const models = [
  { name: "smollm2-135m", provider: "embedded", context_tokens: 8192, can_ground: false, reason: "comes with Hubbub" },
  { name: "gpt-scripted", provider: "scripted", context_tokens: 128000, can_ground: true, reason: "for developing" },
];
const collections = new Map();
const library = new Map();
const whole = { characters: 1000, held: 0, omitted: [] };
const chats = new Map();
const assistants = new Map();
const messages = new Map();
const answers = new Map(); // id → {events, waiting, isStopped}

function addCollection(name, { is_shared = false, description = "" } = {}) {
  const collection = { id: newId(), name, description, is_shared, is_mine: !is_shared };
  collections.set(collection.id, collection);
  return collection;
}
function shown(collection) {
  const all = [...library.values()].filter(({ collection_id }) => collection_id === collection.id);
  const sum = (key) => all.reduce((total, one) => total + one[key], 0);
  return { ...collection, documents: all.length, passages: sum("passages"), embedded: sum("embedded") };
}
const own = addCollection("Hubbub", { is_shared: true, description: "What Hubbub is and how to use it." });
for (const document of documents) {
  library.set(document.id, {
    ...document,
    collection_id: own.id,
    added_at: now(),
    completeness: whole,
    is_restricted: false,
  });
}

const fold = (id) => {
  const answer = {
    id,
    number: 0,
    state: "open",
    text: "",
    model: "",
    way: "chat",
    place: null,
    estimate_seconds: null,
    query: null,
    hits: [],
    citations: [],
    follow_ups: [],
    usage: null,
    finish_reason: null,
    stop_reason: null,
    failure: null,
  };
  for (const event of answers.get(id).events) {
    answer.number++;
    if (event.type === "queued")
      Object.assign(answer, { place: event.place, estimate_seconds: event.estimate_seconds });
    if (event.type === "started")
      Object.assign(answer, { model: event.model, way: event.way, place: null, estimate_seconds: null });
    if (event.type === "searched") {
      const step = { query: event.query, found: event.hits.length };
      if (event.is_step) answer.steps = [...(answer.steps ?? []).filter((one) => one.query !== step.query), step];
      Object.assign(answer, { query: event.query, hits: event.hits });
    }
    if (event.type === "cited") answer.citations.push(event.citation);
    if (event.type === "text") answer.text += event.text;
    if (event.type === "follow_ups") answer.follow_ups = event.questions;
    if (event.type === "usage") answer.usage = event;
    if (event.type === "done")
      Object.assign(answer, { state: "done", finish_reason: event.finish_reason, place: null, estimate_seconds: null });
    if (event.type === "failed")
      Object.assign(answer, { state: "failed", failure: event, place: null, estimate_seconds: null });
    if (event.type === "stopped")
      Object.assign(answer, { state: "stopped", stop_reason: event.reason, place: null, estimate_seconds: null });
  }
  return answer;
};
const isOver = ({ events }) => ["done", "failed", "stopped"].includes(events.at(-1)?.type);
const withAnswer = (message) => (message.role === "assistant" ? { ...message, answer: fold(message.id) } : message);

async function play(id, script) {
  const log = answers.get(id);
  for (const [milliseconds, event] of script) {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    if (isOver(log)) return;
    append(log, event);
  }
}
function append(log, event) {
  log.events.push(event);
  for (const wake of log.waiting.splice(0)) wake();
}

function assistantOf(before, { collections: ids = [], thorough = false, ...said }) {
  return {
    description: "",
    instructions: "",
    model: "",
    starters: [],
    reasoning_effort: "",
    ...before,
    ...said,
    max_tokens: said.max_tokens || null,
    is_thorough: thorough,
    collections: [...collections.values()].filter(({ id }) => ids.includes(id)).map(({ id, name }) => ({ id, name })),
    collections_left_out: 0,
    lacks_model: false,
    version: before.version + 1,
    updated_at: now(),
    right: "manage",
    is_mine: true,
    is_askable: true,
  };
}

function begin(question, modelName, collectionIds) {
  const model = models.find(({ name }) => name === modelName) ?? models[0];
  const message = {
    id: newId(),
    chat_id: question.chat_id,
    parent_id: question.id,
    role: "assistant",
    text: "",
    created_at: now(),
    model: model.name,
    collections: collectionIds,
  };
  messages.set(message.id, message);
  answers.set(message.id, { events: [], waiting: [] });
  const hits = passages.filter(({ document_id }) => collectionIds.includes(library.get(document_id)?.collection_id));
  play(message.id, eventsFor(question.text, model, collectionIds.length > 0, hits));
  const chat = chats.get(question.chat_id);
  chat.updated_at = now();
  return { chat, question, answer: withAnswer(message) };
}

class Refusal extends Error {
  constructor(status, code, detail, extra = {}) {
    super(detail);
    Object.assign(this, { status, code, extra });
  }
}
const found = (map, id) => {
  if (!map.has(id)) throw new Refusal(404, "not_found", "There is no such thing, or it is not yours.");
  return map.get(id);
};
const drop = (map, id) => {
  found(map, id);
  map.delete(id);
  return [204];
};
const body = async (request) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
};
const json = async (request) => JSON.parse((await body(request)).toString("utf8"));

const routes = [
  [
    "GET",
    "/api/me",
    () => ({
      person: { id: "guest", name: "Guest" },
      version: "0.1.0",
      limits: { question_characters: 32000, document_bytes: 52428800, document_suffixes: [".pdf", ".md", ".txt"] },
    }),
  ],
  ["GET", "/api/models", () => ({ models, default: "smollm2-135m" })],
  [
    "GET",
    "/api/openapi.json",
    () => ({
      openapi: "3.1.0",
      info: { title: "Hubbub", version: "0.1.0" },
      paths: { "/api/me": { get: { responses: { 200: { description: "ok" } } } } },
    }),
  ],
  ["GET", "/api/collections", () => ({ collections: [...collections.values()].map(shown) })],
  [
    "POST",
    "/api/collections",
    async (request) => {
      const { name, description = "" } = await json(request);
      if ([...collections.values()].some((one) => one.name === name)) {
        throw new Refusal(409, "conflict", "You have a collection of that name. Choose another name.");
      }
      return [201, shown(addCollection(name, { description }))];
    },
  ],
  [
    "DELETE",
    "/api/collections/:id",
    (_, { id }) => {
      found(collections, id);
      collections.delete(id);
      for (const document of library.values()) if (document.collection_id === id) library.delete(document.id);
      return [204];
    },
  ],
  [
    "GET",
    "/api/collections/:id/documents",
    (_, { id }) => {
      found(collections, id);
      const documents = [...library.values()].filter(({ collection_id }) => collection_id === id);
      const count = (...states) => documents.filter(({ state }) => states.includes(state)).length;
      const unfinished = count("waiting", "reading", "embedding");
      const counts = { unfinished, ready: count("ready"), partial: 0, failed: count("failed") };
      return { documents, next: null, counts };
    },
  ],
  [
    "PUT",
    "/api/collections/:id/documents/:name",
    async (request, { id, name }) => {
      found(collections, id);
      const bytes = await body(request);
      const document = {
        id: newId(),
        collection_id: id,
        name,
        title: "",
        media_type: request.headers["content-type"],
        size_bytes: bytes.length,
        state: "waiting",
        reason: "",
        pages: 0,
        passages: 0,
        embedded: 0,
        added_at: now(),
        completeness: whole,
        is_restricted: false,
      };
      library.set(document.id, document);
      const set = (delay, changes) => setTimeout(() => Object.assign(document, changes), delay);
      set(600, { state: "reading" });
      if (/\.(exe|bin)$/.test(name))
        set(1800, { state: "failed", reason: "Files of this kind can’t be read. Save it as PDF or text." });
      else {
        set(1600, { state: "embedding", passages: 40 });
        for (let step = 1; step <= 10; step++) set(1600 + step * 350, { embedded: step * 4 });
        set(5300, { state: "ready" });
      }
      return [202, document];
    },
  ],
  [
    "GET",
    "/api/documents/:id",
    (_, { id }) => ({
      document: found(library, id),
      passages: passages.filter(({ document_id }) => document_id === id),
      shared_with: found(library, id).shared_with ?? null,
    }),
  ],
  [
    "PATCH",
    "/api/documents/:id",
    async (request, { id }) => {
      const body = await json(request);
      const document = found(library, id);
      if (body.shared_with !== undefined)
        Object.assign(document, { is_restricted: body.shared_with !== null, shared_with: body.shared_with });
      return Object.assign(document, body.name === undefined ? {} : { name: body.name });
    },
  ],
  ["DELETE", "/api/documents/:id", (_, { id }) => drop(library, id)],
  ["GET", "/api/documents/:id/file", (_, { id }) => [200, found(library, id).name, "text/plain"]],
  [
    "GET",
    "/api/documents/:id/pages/:page",
    (_, { id, page }) => [200, pagePicture(found(library, id), page), "image/svg+xml"],
  ],
  ["GET", "/api/assistants", () => ({ assistants: [...assistants.values()], next: null })],
  [
    "POST",
    "/api/assistants",
    async (request) => {
      const made = assistantOf({ id: newId(), version: 0 }, await json(request));
      assistants.set(made.id, made);
      return [201, made];
    },
  ],
  [
    "PATCH",
    "/api/assistants/:id",
    async (request, { id }) => {
      const { version, ...changes } = await json(request);
      const before = found(assistants, id);
      if (version !== undefined && version !== before.version)
        throw new Refusal(409, "changed_meanwhile", "Somebody else changed it meanwhile.");
      const changed = assistantOf(before, changes);
      assistants.set(id, changed);
      return changed;
    },
  ],
  ["DELETE", "/api/assistants/:id", (_, { id }) => drop(assistants, id)],
  ["GET", "/api/chats", () => ({ chats: [...chats.values()].sort((a, b) => b.updated_at - a.updated_at), next: null })],
  ["GET", "/api/folders", () => ({ folders: [] })],
  ["GET", "/api/me/instructions", () => ({ text: "" })],
  ["GET", "/api/chats/found", () => ({ found: [], next: null })],
  [
    "GET",
    "/api/chats/:id",
    (_, { id }) => ({
      chat: found(chats, id),
      messages: [...messages.values()].filter(({ chat_id }) => chat_id === id).map(withAnswer),
    }),
  ],
  ["PATCH", "/api/chats/:id", async (request, { id }) => Object.assign(found(chats, id), await json(request))],
  ["DELETE", "/api/chats/:id", (_, { id }) => drop(chats, id)],
  [
    "POST",
    "/api/chats/import",
    async (request) => {
      const listed = [await json(request)].flat();
      const made = listed.map(({ title = "Imported" }) => ({
        id: newId(),
        title,
        created_at: now(),
        updated_at: now(),
      }));
      for (const chat of made) chats.set(chat.id, chat);
      return {
        chats: made.map(({ id, title }) => ({ id, title, messages: 0 })),
        already_there: 0,
        left_out: [],
        remarks: [],
      };
    },
  ],
  [
    "POST",
    "/api/questions",
    async (request) => {
      const asked = await json(request);
      if (asked.text.includes("refuse")) {
        throw new Refusal(503, "overloaded", "The server is busy. Try again in 5 seconds.", { retry_after_seconds: 5 });
      }
      const known = messages.get(asked.question_id);
      if (known) {
        const answer = [...messages.values()].find(({ parent_id }) => parent_id === known.id);
        return [202, { chat: chats.get(known.chat_id), question: known, answer: withAnswer(answer) }];
      }
      let chat = asked.chat_id ? found(chats, asked.chat_id) : null;
      if (chat === null) {
        chat = { id: newId(), owner_id: "guest", title: asked.text.slice(0, 60), created_at: now(), updated_at: now() };
        chats.set(chat.id, chat);
      }
      const question = {
        id: asked.question_id ?? newId(),
        chat_id: chat.id,
        parent_id: asked.parent_id,
        role: "user",
        text: asked.text,
        created_at: now(),
        model: asked.model ?? "",
        collections: asked.collections,
      };
      chat.assistant_id = asked.assistant ?? chat.assistant_id ?? "";
      const to = assistants.get(chat.assistant_id);
      if (to) question.asked_with = { assistant: { id: to.id, name: to.name, collections: to.collections.length } };
      messages.set(question.id, question);
      return [202, begin(question, asked.model, asked.collections)];
    },
  ],
  [
    "POST",
    "/api/questions/:id/answers",
    async (request, { id }) => {
      const question = found(messages, id);
      const { model, collections } = await json(request);
      return [202, begin(question, model, collections ?? question.collections)];
    },
  ],
  ["GET", "/api/answers/:id", (_, { id }) => found(answers, id) && fold(id)],
  [
    "POST",
    "/api/answers/:id/stop",
    (_, { id }) => {
      const log = found(answers, id);
      if (!isOver(log)) append(log, { type: "stopped", reason: "asked" });
      return [202, {}];
    },
  ],
];

function match(method, path) {
  const parts = path.split("/");
  for (const [wanted, pattern, act] of routes) {
    const names = pattern.split("/");
    if (wanted !== method || names.length !== parts.length) continue;
    const fits = names.every((name, i) => name.startsWith(":") || name === parts[i]);
    const values = Object.fromEntries(names.map((name, i) => [name.slice(1), decodeURIComponent(parts[i])]));
    if (fits) return [act, values];
  }
  throw new Refusal(404, "not_found", "There is nothing at this address.");
}

async function stream(request, response, wanted) {
  let isGone = false;
  request.on("close", () => {
    isGone = true;
  });
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  await Promise.all(
    wanted.map(async ([id, after]) => {
      const log = found(answers, id);
      const drops = messages.get(messages.get(id).parent_id).text.includes("drop");
      const head = `event: answer\ndata: ${id}\n\n`;
      let sent = 0;
      for (let number = after; !isGone; ) {
        while (number < log.events.length) {
          const event = log.events[number++];
          response.write(`${head}id: ${number}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
          if (drops && ++sent === 6) return response.destroy();
        }
        if (isOver(log)) return response.write(`${head}event: over\ndata: {}\n\n`);
        await new Promise((resolve) => log.waiting.push(resolve));
      }
    }),
  );
  response.end();
}

async function page(path, response) {
  const wanted = normalize(join(root, path.endsWith("/") ? `${path}index.html` : path));
  const file =
    wanted.startsWith(root.endsWith(sep) ? root : root + sep) && extname(wanted) ? wanted : join(root, "index.html");
  const data = await readFile(file).catch(() => readFile(join(root, "index.html")));
  const type = types[extname(file)] ?? "application/octet-stream";
  response.writeHead(200, {
    "Content-Type": type,
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
  });
  response.end(data);
}

async function answerTo(request, response) {
  const url = new URL(request.url, "http://stand-in");
  if (!url.pathname.startsWith("/api/")) return page(url.pathname, response);
  if (url.pathname === "/api/answers/events") {
    const wanted = url.searchParams.getAll("follow").map((one) => one.split("."));
    return stream(
      request,
      response,
      wanted.map(([id, after]) => [id, Number(after)]),
    );
  }
  const [act, values] = match(request.method, url.pathname);
  const result = await act(request, values);
  const [status, content, type] = Array.isArray(result) ? result : [200, result];
  if (content === undefined) return response.writeHead(status).end();
  response.writeHead(status, { "Content-Type": type ?? "application/json" });
  return response.end(type ? content : JSON.stringify(content));
}

const server = createServer((request, response) => {
  answerTo(request, response).catch((error) => {
    const { status = 500, code = "internal", message, extra = {} } = error;
    if (status === 500) console.error(error);
    if (response.headersSent) return response.destroy();
    response.writeHead(status, { "Content-Type": "application/problem+json" });
    return response.end(JSON.stringify({ type: "about:blank", title: code, status, code, detail: message, ...extra }));
  });
});
server.listen(Number(process.argv[2] ?? 8000), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
