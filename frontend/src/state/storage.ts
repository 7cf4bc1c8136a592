/** Remember small things in this browser; nothing secret, and nothing that is missed when it is gone. */

const PREFIX = "hubbub.";

/** What was remembered under a name, or null. */
export function recall<T>(name: string): T | null {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null; // no storage in this browser's mode, or not ours
  }
}

export function remember(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Full or forbidden: it is only forgotten.
  }
}

/** Call `changed` whenever another tab remembers something else under a name, or forgets it. */
export function onRemembered(signal: AbortSignal, name: string, changed: () => void): void {
  addEventListener("storage", ({ key }) => key === PREFIX + name && changed(), { signal });
}

/** Forget everything but the look, the language and what is named. */
export function forgetAll(...named: readonly string[]): void {
  const kept = ["theme", "language", ...named].map((name) => PREFIX + name);
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX) && !kept.includes(name));
    for (const name of names) localStorage.removeItem(name);
    sessionStorage.clear();
  } catch {
    // No storage in this browser's mode: nothing to forget.
  }
}
