/** Read and change who may do what with a collection, a prompt or an assistant. */

import * as hubbub from "../api/hubbub";
import type { Given, Grant, Group } from "../api/resources";
import { loadAssistants } from "./assistants";
import { loadCollections } from "./library";
import { tell } from "./notices";
import { loadPrompts } from "./prompts";

/** What was given for a thing, and the groups that it can be shared with. */
export async function sharingOf(signal: AbortSignal, kind: hubbub.Shareable, id: string): Promise<[Given, Group[]]> {
  return Promise.all([hubbub.grants(signal, kind, id), hubbub.groups(signal)]);
}

/** Share a thing with these and nobody else; false (and the person is told) where that failed. */
export async function share(kind: hubbub.Shareable, id: string, grants: readonly Grant[]): Promise<boolean> {
  const { signal } = new AbortController();
  try {
    await hubbub.putGrants(signal, kind, id, grants);
    await { prompts: loadPrompts, assistants: loadAssistants, collections: () => loadCollections(signal) }[kind]();
    return true;
  } catch (error) {
    tell(error);
    return false;
  }
}
