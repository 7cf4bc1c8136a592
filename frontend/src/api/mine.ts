/** Call the server's resources about what is one's own by name: things of a guest, API keys, shared links. */

import type { Citation } from "../events";
import { everything, openPost, Problem, request } from "./http";
import { serverSentEvents } from "./sse";

const at = (...parts: string[]) => `/api/${parts.map(encodeURIComponent).join("/")}`;

export interface GuestThings {
  chats: number;
  collections: number;
  documents: number;
  sessions: number;
  keys: number;
}

export const guestThings = (signal: AbortSignal) => request<GuestThings>(signal, "GET", at("me", "guest"));

export const takeGuestThings = (signal: AbortSignal) => request<GuestThings>(signal, "POST", at("me", "guest"));

export interface ApiKey {
  id: string;
  name: string;
  /** Null: all that one may; the same for models and collections. */
  scopes: readonly string[] | null;
  models: readonly string[] | null;
  collections: readonly string[] | null;
  created_at: number;
  expires_at: number | null;
  last_used: number | null;
  /** Bounds such as “50 questions per day”. */
  quota: readonly string[];
}

export interface Scope {
  name: string;
  description: string;
}

export interface NewApiKey {
  name: string;
  scopes: readonly string[] | null;
  models: readonly string[] | null;
  collections: readonly string[] | null;
  expires_at: number | null;
  quota: readonly string[];
}

export const apiKeys = (signal: AbortSignal) =>
  everything<{ keys: ApiKey[]; scopes: Scope[] }>(signal, at("me", "keys"), "keys");

/** The secret is told this once. */
export const makeApiKey = (signal: AbortSignal, body: NewApiKey) =>
  request<{ key: ApiKey; secret: string }>(signal, "POST", at("me", "keys"), { body });

export const revokeApiKey = (signal: AbortSignal, id: string) => request<void>(signal, "DELETE", at("me", "keys", id));

export type Audience = "everybody" | "signed-in" | "some";

export interface ChatLink {
  id: string;
  chat_id: string;
  title: string;
  audience: Audience;
  subjects: readonly string[];
  follows: boolean;
  owner_name: string;
  created_at: number;
  expires_at: number | null;
}

export interface NewChatLink {
  audience: Audience;
  subjects: readonly string[];
  follows: boolean;
  shows_name: boolean;
  expires_at: number | null;
  leaf_id: string | null;
}

export interface SharedMessage {
  role: "system" | "user" | "assistant" | "tool";
  text: string;
  created_at: number;
  state: "open" | "done" | "failed" | "stopped" | null;
  is_quoted: boolean;
  citations: readonly Citation[];
}

export interface SharedChat {
  title: string;
  owner_name: string;
  follows: boolean;
  made_at: number;
  messages: readonly SharedMessage[];
}

export const chatLinks = (signal: AbortSignal) =>
  everything<{ links: ChatLink[]; may_share_with_everybody: boolean }>(signal, at("links"), "links");

/** The secret is told this once. */
export const shareChat = (signal: AbortSignal, chatId: string, body: NewChatLink) =>
  request<{ link: ChatLink; secret: string }>(signal, "POST", at("chats", chatId, "links"), { body });

export const endChatLink = (signal: AbortSignal, id: string) => request<void>(signal, "DELETE", at("links", id));

/**
 * Hand over what a link shows, and again whenever it changes. Returns when the connection breaks off; throws `Problem`
 * where the link opens nothing, or no more.
 */
export async function followShared(
  signal: AbortSignal,
  secret: string,
  take: (chat: SharedChat) => void,
): Promise<void> {
  const response = await openPost(signal, at("shared", "events"), { link: secret });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const split = serverSentEvents();
  for (;;) {
    const piece = await reader?.read();
    if (!piece || piece.done) return;
    for (const { name, data } of split(piece.value)) {
      if (name === "chat") take(JSON.parse(data) as SharedChat);
      if (name === "ended") {
        const { code, detail } = JSON.parse(data) as { code: string; detail: string };
        throw new Problem(code === "not_signed_in" ? 401 : 404, code, detail);
      }
    }
  }
}
