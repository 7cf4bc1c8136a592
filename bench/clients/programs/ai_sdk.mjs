/** The AI SDK with its default OpenAI provider, which speaks Responses, and the same by chat completions. */

import { API_KEY, BASE_URL, MODEL, load, run, same } from "./cells.mjs";
import { cellsOf } from "./ai_cells.mjs";

const { createOpenAI } = await load("@ai-sdk/openai");
const { generateText, tool } = await load("ai");
const { z } = await load("zod");
const openai = createOpenAI({ baseURL: BASE_URL, apiKey: API_KEY });
const responses = cellsOf(openai, MODEL);
const chat = cellsOf(openai.chat, MODEL);
const cells = Object.fromEntries(
  Object.keys(responses).map((cell) => [
    cell,
    async () => {
      await responses[cell]();
      await chat[cell]();
    },
  ]),
);
cells["file_search and functions"] = async () => {
  const weather = tool({ description: "Weather.", inputSchema: z.object({ city: z.string() }) });
  const tools = { file_search: openai.tools.fileSearch({ vectorStoreIds: ["Rules"] }), weather };
  const first = await generateText({ model: openai(MODEL), tools, prompt: "How many days of leave?" });
  same(first.text, "Thirty days [1].");
  const called = await generateText({ model: openai(MODEL), tools, prompt: "Days of leave? Both TOGETHER." });
  same(called.toolCalls.filter((call) => call.toolName === "weather").length, 2);
};
await run(cells);
