/** Leave the page to sign in elsewhere, and come back to the same address, with what stands behind its #. */

import { PREFIX } from "../api/http";

const NAME = "hubbub.left";
const MILLISECONDS = 600_000; // as long as the server waits for somebody to come back from a provider

interface Left {
  path: string;
  hash: string;
  at: number;
}

/** Where a way to sign in begins: whoever has signed in comes back to where they are now. */
export function addressOfWay(address: string): string {
  return `${PREFIX}${address}?back=${encodeURIComponent(location.pathname + location.search)}`;
}

/** Keep what stands behind the # in this tab alone: it may be a secret, which goes to no server and no provider. */
export function leave(): void {
  try {
    const left: Left = { path: location.pathname, hash: location.hash, at: Date.now() };
    if (location.hash) sessionStorage.setItem(NAME, JSON.stringify(left));
  } catch {
    // No storage in this browser's mode: the link has to be opened again.
  }
}

/** Put it back where it stood, once. Call it before anything reads the address. */
export function comeBack(): void {
  try {
    const text = sessionStorage.getItem(NAME);
    if (text === null) return;
    sessionStorage.removeItem(NAME);
    const left = JSON.parse(text) as Left;
    const isHere = left.path === location.pathname && !location.hash && Date.now() - left.at < MILLISECONDS;
    if (isHere) history.replaceState(history.state, "", location.pathname + location.search + left.hash);
  } catch {
    // No storage in this browser's mode, or not ours.
  }
}
