// OpenAI's own client for JavaScript, against a server that is given: prints what it saw, as JSON.
// node responses.mjs BASE_URL KEY OPENAI_MODULE

const [baseURL, apiKey, module] = process.argv.slice(2);
const { default: OpenAI } = await import(module);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const seen = {};

const stream = client.responses.stream({ model: "scripted", input: "Hello" });
seen.types = [];
for await (const event of stream) seen.types.push(event.type);
const final = await stream.finalResponse();
seen.stream = { status: final.status, text: final.output_text };

const background = await client.responses.create({ model: "slow", input: "Hello", background: true });
seen.acknowledged = background.status;
const first = [];
const events = await client.responses.retrieve(background.id, { stream: true });
for await (const event of events) {
  first.push(event);
  if (first.length === 30) break; // the connection is closed
}
const after = first.at(-1).sequence_number;
const rest = [];
for await (const event of await client.responses.retrieve(background.id, { stream: true, starting_after: after })) {
  rest.push(event);
}
const all = [...first, ...rest];
seen.numbers = all.map((event) => event.sequence_number);
seen.resumed = all
  .filter((event) => event.type === "response.output_text.delta")
  .map((event) => event.delta)
  .join("");
seen.whole = (await client.responses.retrieve(background.id)).output_text;
const followed = client.responses.stream({ response_id: background.id, starting_after: after });
seen.followed = [];
for await (const event of followed) seen.followed.push(event.sequence_number);
seen.snapshot = (await followed.finalResponse()).output_text;

const running = await client.responses.create({ model: "slow", input: "Hello", background: true });
seen.cancelled = (await client.responses.cancel(running.id)).status;
await client.responses.delete(running.id);
try {
  await client.responses.retrieve(running.id);
} catch (error) {
  seen.error = { name: error.constructor.name, status: error.status, code: error.code };
}

const tools = [{ type: "function", name: "weather", parameters: { type: "object", properties: {} }, strict: false }];
const calling = client.responses.stream({ model: "caller", input: "The weather?", tools });
const called = await calling.finalResponse();
const call = called.output.find((item) => item.type === "function_call");
seen.call = { name: call.name, arguments: call.arguments };
const said = await client.responses.create({
  model: "caller",
  previous_response_id: called.id,
  input: [{ type: "function_call_output", call_id: call.call_id, output: "21 °C" }],
});
seen.said = said.output_text;

console.log(JSON.stringify(seen));
