/** The cells of the AI SDK, for whichever provider. */

import { BASE_URL, LOOPED, OVER_DOCUMENTS, PDF, PNG, holds, load, same } from "./cells.mjs";

const { generateText, streamText, generateObject, tool, stepCountIs } = await load("ai");
const { z } = await load("zod");

const weather = tool({
  description: "Weather.",
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `${city} 21`,
});
const form = z.object({ city: z.string(), degrees: z.number() });

export function cellsOf(provider, name) {
  const model = provider(name);
  const asked = (text) => [{ role: "user", content: text }];
  return {
    "two turns": async () => {
      const first = await generateText({ model, messages: asked("Hi") });
      holds(first.text, "Question 1, first 'Hi'");
      const second = await generateText({ model, messages: [...asked("Hi"), ...first.response.messages, ...asked("And?")] });
      holds(second.text, "Question 2, first 'Hi'");
    },
    streamed: async () => {
      const messages = asked("Hi");
      for (const number of [1, 2]) {
        const result = streamText({ model, messages });
        let text = "";
        for await (const piece of result.textStream) text += piece;
        holds(text, `Question ${number}`);
        messages.push(...(await result.response).messages, ...asked("And?"));
      }
    },
    "loop of three": async () => {
      const how = { model, tools: { weather }, stopWhen: stepCountIs(8), messages: asked("Look THRICE.") };
      const whole = await generateText(how);
      same(whole.text, LOOPED);
      const streamed = streamText(how);
      await streamed.consumeStream();
      same(await streamed.text, LOOPED);
      const again = await generateText({ model, messages: [...how.messages, ...whole.response.messages, ...asked("And?")] });
      holds(again.text, "Question 2");
    },
    "parallel calls": async () => {
      const result = await generateText({ model, tools: { weather }, messages: asked("Both TOGETHER.") });
      same(result.toolCalls.map((call) => call.input.city), ["Oslo", "Rome"]);
    },
    structured: async () => {
      const { object } = await generateObject({ model, schema: form, messages: asked("A FORM") });
      same(object, { city: "Oslo", degrees: 21 });
    },
    refusal: async () => {
      const result = await generateText({ model, messages: asked("REFUSE") });
      if (result.finishReason === "error") throw new Error("it failed");
    },
    picture: async () => {
      const content = [{ type: "text", text: "What?" }, { type: "image", image: PNG }];
      same((await generateText({ model, messages: [{ role: "user", content }] })).text, "Pictures: 1.");
    },
    pdf: async () => {
      const file = { type: "file", data: PDF, mediaType: "application/pdf", filename: "wombat.pdf" };
      const content = [{ type: "text", text: "What?" }, file];
      same((await generateText({ model, messages: [{ role: "user", content }] })).text, "The wombat digs.");
    },
    documents: async () => {
      const over = { model: provider(OVER_DOCUMENTS), messages: asked("How many days of leave?") };
      const whole = await generateText(over);
      same(whole.text, "Thirty days [1].");
      const streamed = streamText(over);
      await streamed.consumeStream();
      same(await streamed.text, "Thirty days [1].");
    },
    errors: async () => {
      const { text } = await generateText({ model, messages: asked(`BUSY ${name} ${BASE_URL} ${provider.name}${Math.random()}`) });
      holds(text, "Question 1");
      const error = await generateText({ model: provider("none"), messages: asked("Hi") }).catch((one) => one);
      same(error.statusCode, 404);
    },
    "batch of 100": async () => {
      const many = Array.from({ length: 100 }, (_, number) =>
        generateText({ model, messages: asked(`Number ${number}`), maxRetries: 8 }),
      );
      same(new Set((await Promise.all(many)).map((one) => one.text)).size, 100);
    },
    cancel: async () => {
      const stopping = new AbortController();
      const result = streamText({ model, messages: asked("SLOWLY"), abortSignal: stopping.signal });
      for await (const _ of result.textStream) {
        stopping.abort();
        break;
      }
      holds((await generateText({ model, messages: asked("Hi") })).text, "Question 1");
    },
  };
}
