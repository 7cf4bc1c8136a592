/** Call the server's assistants by name. */

import { request } from "./http";
import type { Right } from "./rights";

const at = (id: string) => `/api/assistants/${encodeURIComponent(id)}`;

export interface Assistant {
  id: string;
  name: string;
  description: string;
  instructions: string;
  /** Empty: whichever answers as a rule. */
  model: string;
  /** Whether its model is gone, or not there for you. */
  lacks_model: boolean;
  /** Those that you may ask. */
  collections: readonly { id: string; name: string }[];
  /** How many more it has. */
  collections_left_out: number;
  /** Questions to begin with. */
  starters: readonly string[];
  reasoning_effort: string;
  max_tokens: number | null;
  is_thorough: boolean;
  /** Raised with each change. */
  version: number;
  right: Right;
  is_mine: boolean;
  /** Whether it answers you. */
  is_askable: boolean;
}

/** The assistant that a question went to, as it was then. */
export interface AskedAssistant {
  id: string;
  name: string;
  /** How many collections it had, and how many of them were not asked: they were not shared with the person. */
  collections?: number;
  left_out?: number;
}

/** What can be said of an assistant; what is not given stays. */
export interface AssistantChanges {
  name: string;
  description: string;
  instructions: string;
  /** Not given: as it was. */
  model?: string;
  collections: readonly string[];
  starters: readonly string[];
  reasoning_effort: string;
  /** 0: as the model is set. */
  max_tokens: number;
  thorough: boolean;
  /** The one that was changed here: where there is a later one, the server changes nothing. */
  version?: number;
}

/** All of them, one's own and shared ones. */
export async function assistants(signal: AbortSignal): Promise<Assistant[]> {
  const all: Assistant[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const query = after === undefined ? "" : `?${new URLSearchParams({ after })}`;
    const page: { assistants: Assistant[]; next: string | null } = await request(
      signal,
      "GET",
      `/api/assistants${query}`,
    );
    all.push(...page.assistants);
    after = page.next;
  }
  return all;
}

export const makeAssistant = (signal: AbortSignal, body: AssistantChanges) =>
  request<Assistant>(signal, "POST", "/api/assistants", { body });

export const changeAssistant = (signal: AbortSignal, id: string, body: AssistantChanges) =>
  request<Assistant>(signal, "PATCH", at(id), { body });

export const deleteAssistant = (signal: AbortSignal, id: string) => request<void>(signal, "DELETE", at(id));
