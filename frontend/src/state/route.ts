/** Keep what the address says is shown. */

import { computed, signal } from "@preact/signals";
import { PREFIX } from "../api/http";

export type Route =
  | { page: "chat"; chatId: string | null }
  | { page: "library"; collectionId: string | null }
  | { page: "operate"; section: string }
  | { page: "account" | "keys" | "people" | "search" | "shared" | "welcome" };

/** Pages that are named by nothing more. */
const PLAIN = ["account", "keys", "people", "search", "shared", "welcome"] as const;
type Plain = (typeof PLAIN)[number];

const path = signal(location.pathname);
addEventListener("popstate", () => {
  path.value = location.pathname;
});

export const route = computed<Route>(() => routeOf(path.value));

export function routeOf(pathname: string): Route {
  const [first, second] = pathname.slice(PREFIX.length).split("/").filter(Boolean);
  if (first === "library") return { page: "library", collectionId: second ?? null };
  if (first === "operate") return { page: "operate", section: second ?? "" };
  if (first !== undefined && (PLAIN as readonly string[]).includes(first)) return { page: first as Plain };
  return { page: "chat", chatId: first === "c" ? (second ?? null) : null };
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
