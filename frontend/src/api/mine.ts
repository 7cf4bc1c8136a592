/** Call the server's resources about what is one's own by name: things of a guest, API keys, shared links. */

import { request } from "./http";

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
