/** The AI SDK with its provider for compatible servers. */

import { API_KEY, BASE_URL, MODEL, load, run } from "./cells.mjs";
import { cellsOf } from "./ai_cells.mjs";

const { createOpenAICompatible } = await load("@ai-sdk/openai-compatible");
const how = { name: "hubbub", baseURL: BASE_URL, apiKey: API_KEY, supportsStructuredOutputs: true };
await run(cellsOf(createOpenAICompatible(how), MODEL));
