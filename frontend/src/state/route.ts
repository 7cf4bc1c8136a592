/** Keep what the address says is shown. */

import { computed, signal } from "@preact/signals";
import { PREFIX } from "../api/http";

export type Route =
  | { page: "chat"; chatId: string | null }
  | { page: "library"; collectionId: string | null }
  | { page: "operate"; section: string }
  | { page: "account" | "keys" | "people" | "search" | "shared" | "welcome" | "nowhere" };

/** Pages that are named by nothing more. */
const PLAIN = ["account", "keys", "people", "search", "shared", "welcome"] as const;
type Plain = (typeof PLAIN)[number];

const path = signal(location.pathname);
addEventListener("popstate", () => {
  path.value = location.pathname;
});

export const route = computed<Route>(() => routeOf(path.value));

export function routeOf(pathname: string): Route {
  const parts = pathname.slice(PREFIX.length).split("/").filter(Boolean);
  const [first = "", second] = parts;
  if (parts.length === 0 || pathname === `${PREFIX}/index.html`) return { page: "chat", chatId: null };
  if (parts.length > 2) return { page: "nowhere" };
  if (first === "c" && second !== undefined) return { page: "chat", chatId: second };
  if (first === "library") return { page: "library", collectionId: second ?? null };
  if (first === "operate") return { page: "operate", section: second ?? "" };
  if (second === undefined && (PLAIN as readonly string[]).includes(first)) return { page: first as Plain };
  return { page: "nowhere" };
}

export const homePath = `${PREFIX}/`;
export const accountPath = `${PREFIX}/account`;
export const keysPath = `${PREFIX}/keys`;
/** Where a link shows a chat: its secret stands behind a #, and is sent to no server. */
export const sharedAddress = (secret: string) => `${location.origin}${PREFIX}/shared#${secret}`;
export const searchPath = `${PREFIX}/search`;
export const peoplePath = `${PREFIX}/people`;
export const operatePath = (section: string) => `${PREFIX}/operate${section ? `/${section}` : ""}`;
export const chatPath = (chatId: string) => `${PREFIX}/c/${chatId}`;
export const libraryPath = (collectionId: string | null) =>
  `${PREFIX}/library${collectionId ? `/${collectionId}` : ""}`;

/** Show what a path says. `replace` leaves no step to go back to. */
export function navigate(to: string, { replace = false } = {}): void {
  if (to === location.pathname) return;
  if (replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  path.value = location.pathname;
}
