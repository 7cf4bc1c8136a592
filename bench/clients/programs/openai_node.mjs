/** OpenAI's own client in JavaScript. */

import { API_KEY, BASE_URL, LOOPED, MODEL, OVER_DOCUMENTS, PDF, PNG, holds, load, run, same } from "./cells.mjs";

const { OpenAI } = await load("openai");
const client = new OpenAI({ baseURL: BASE_URL, apiKey: API_KEY });
const model = MODEL;
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false };
const nested = { type: "function", function: { name: "weather", parameters } };
const flat = { type: "function", name: "weather", parameters, strict: true };
const asked = (content) => [{ role: "user", content }];
const said = async (messages, more) =>
  (await client.chat.completions.create({ model, messages, ...more })).choices[0].message;
const schema = {
  type: "object",
  properties: { city: { type: "string" }, degrees: { type: "integer" } },
  required: ["city", "degrees"],
  additionalProperties: false,
};

await run({
  "two turns": async () => {
    const message = await said(asked("Hi"));
    holds((await said([...asked("Hi"), message, ...asked("And?")])).content, "Question 2, first 'Hi'");
    const first = await client.responses.create({ model, input: "Hi" });
    const second = await client.responses.create({ model, input: [...asked("Hi"), ...first.output, ...asked("And?")] });
    holds(second.output_text, "Question 2");
    const chained = await client.responses.create({ model, input: "And?", previous_response_id: first.id });
    holds(chained.output_text, "Question 2");
  },
  streamed: async () => {
    let text = "";
    for await (const chunk of await client.chat.completions.create({ model, messages: asked("Hi"), stream: true }))
      text += chunk.choices[0]?.delta.content ?? "";
    holds(text, "Question 1");
    const stream = client.responses.stream({ model, input: "Hi" });
    holds((await stream.finalResponse()).output_text, "Question 1");
  },
  "loop of three": async () => {
    const runner = client.chat.completions.runTools({
      model,
      messages: asked("Look THRICE."),
      tools: [{ type: "function", function: { ...nested.function, parse: JSON.parse, function: ({ city }) => `${city} 21` } }],
    });
    same(await runner.finalContent(), LOOPED);
    const input = asked("Look THRICE.");
    for (;;) {
      const response = await client.responses.create({ model, input, tools: [flat] });
      const calls = response.output.filter((item) => item.type === "function_call");
      if (!calls.length) {
        same(response.output_text, LOOPED);
        break;
      }
      input.push(...response.output);
      for (const call of calls)
        input.push({ type: "function_call_output", call_id: call.call_id, output: `${JSON.parse(call.arguments).city} 21` });
    }
  },
  "parallel calls": async () => {
    const message = await said(asked("Both TOGETHER."), { tools: [nested] });
    same(message.tool_calls.map((call) => JSON.parse(call.function.arguments).city), ["Oslo", "Rome"]);
  },
  structured: async () => {
    const format = { type: "json_schema", json_schema: { name: "form", schema, strict: true } };
    const parsed = await client.chat.completions.parse({ model, messages: asked("A FORM"), response_format: format });
    same(JSON.parse(parsed.choices[0].message.content).city, "Oslo");
  },
  refusal: async () => holds((await said(asked("REFUSE"))).refusal, "can't"),
  picture: async () => same((await said(asked([{ type: "image_url", image_url: { url: PNG } }]))).content, "Pictures: 1."),
  pdf: async () => {
    const file_data = `data:application/pdf;base64,${PDF.toString("base64")}`;
    const input = asked([{ type: "input_file", filename: "wombat.pdf", file_data }]);
    same((await client.responses.create({ model, input })).output_text, "The wombat digs.");
  },
  documents: async () => same((await said(asked("Days of leave?"), { model: OVER_DOCUMENTS })).content, "Thirty days [1]."),
  "file_search and functions": async () => {
    const tools = [{ type: "file_search", vector_store_ids: ["Rules"] }, flat];
    const called = await client.responses.create({ model, input: "Days of leave? Both TOGETHER.", tools });
    same(called.output.map((item) => item.type), ["file_search_call", "function_call", "function_call"]);
  },
  background: async () => {
    const { id } = await client.responses.create({ model, input: "SLOWLY", background: true });
    let last;
    for await (const event of await client.responses.retrieve(id, { stream: true })) last = event;
    same(last.type, "response.completed");
  },
  "batch of 100": async () => {
    const many = Array.from({ length: 100 }, (_, number) => said(asked(`Number ${number}`)));
    same(new Set((await Promise.all(many)).map((message) => message.content)).size, 100);
  },
  errors: async () => {
    holds((await said(asked("BUSY openai-node"))).content, "Question 1");
    same((await said(asked("Hi"), { model: "none" }).catch((error) => error)).status, 404);
  },
  cancel: async () => {
    const stream = await client.chat.completions.create({ model, messages: asked("SLOWLY"), stream: true });
    for await (const _ of stream) break;
    stream.controller.abort();
    holds((await said(asked("Hi"))).content, "Question 1");
  },
});
