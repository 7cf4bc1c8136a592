/**
 * Talks to a server with OpenAI's JavaScript SDK as it is, and prints as JSON what came of it.
 * Needs BASE_URL, API_KEY, COLLECTION (a model's name over documents) and FRONTEND (where the SDK is installed).
 */

import { createRequire } from "node:module";

const { OpenAI } = createRequire(`${process.env.FRONTEND}/package.json`)("openai");
const client = new OpenAI({ baseURL: process.env.BASE_URL, apiKey: process.env.API_KEY, maxRetries: 1 });
const model = "big";
const messages = [{ role: "user", content: "Hello" }];

const chat = await client.chat.completions.create({ model, messages });

const stream = await client.chat.completions.create({
  model,
  messages,
  stream: true,
  stream_options: { include_usage: true },
});
const chunks = [];
for await (const chunk of stream) chunks.push(chunk);

const helped = client.chat.completions.stream({ model, messages });
const pieces = [];
helped.on("content", (piece) => pieces.push(piece));
const final = await helped.finalChatCompletion();

const grounded = await client.chat.completions.create({
  model: process.env.COLLECTION,
  messages: [{ role: "user", content: "How many days of leave?" }],
});

const models = [];
for await (const one of client.models.list()) models.push(one.id);
const one = await client.models.retrieve(process.env.COLLECTION);

const embedded = await client.embeddings.create({ model: "topics-1", input: ["a cat", "the bank"] });
const floats = await client.embeddings.create({ model: "topics-1", input: "a cat", encoding_format: "float" });

async function failing(body) {
  try {
    await client.chat.completions.create(body);
    return null;
  } catch (error) {
    const { status, code, param, type, requestID } = error;
    return { name: error.constructor.name, status, code, param, type, requestID, message: error.message };
  }
}
const errors = [
  await failing({ model: "nobody", messages }),
  await failing({ model, messages: [] }),
  await failing({ model: "plain", messages, tools: [{ type: "function", function: { name: "f" } }] }),
];

const abort = new AbortController();
const endless = await client.chat.completions.create(
  { model, messages: [{ role: "user", content: "Go on for ever" }], stream: true },
  { signal: abort.signal },
);
let heard = 0;
for await (const _ of endless) if (++heard === 3) abort.abort();

console.log(
  JSON.stringify({
    chat,
    requestId: chat._request_id,
    chunks,
    pieces,
    final: final.choices[0].message.content,
    grounded,
    models,
    one: one.id,
    embeddings: embedded.data.map((part) => part.embedding),
    floats: floats.data[0].embedding,
    errors,
    heard,
  }),
);
