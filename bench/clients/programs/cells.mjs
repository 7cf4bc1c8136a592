/** Run a program's cells and tell what became of each. `load` finds packages where the client is installed. */

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.ENVIRONMENT}/package.json`);
export const load = (name) => import(pathToFileURL(require.resolve(name)).href);
export const { BASE_URL, API_KEY, MODEL } = process.env;
export const OVER_DOCUMENTS = `${MODEL}+Rules`;
export const LOOPED = "Results: Oslo 21, Rome 21, Lima 21.";
export const PNG =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGMQEBAAAABkADEogkG3AAAAAElFTkSuQmCC";
export const PDF = Buffer.from(
  "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n" +
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>endobj\n" +
    "4 0 obj<</Length 44>>stream\nBT /F1 18 Tf 10 50 Td (The wombat digs.) Tj ET\nendstream endobj\n" +
    "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
);

export async function run(cells) {
  for (const [cell, work] of Object.entries(cells)) {
    let told = { cell, ok: true, note: "" };
    try {
      await work();
    } catch (error) {
      console.error(error);
      told = { cell, ok: false, note: String(error).slice(0, 300) };
    }
    console.log(JSON.stringify(told));
  }
}

export function same(found, wanted) {
  const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (left !== right) throw new Error(`${left} is not ${right}`);
}

export function holds(found, part) {
  if (!(found ?? "").includes(part)) throw new Error(`${JSON.stringify(part)} is not in ${JSON.stringify(found)}`);
}
