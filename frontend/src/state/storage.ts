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

/** Forget everything but the look and the language. */
export function forgetAll(): void {
  try {
    const names = Object.keys(localStorage).filter(
      (name) => name.startsWith(PREFIX) && name !== `${PREFIX}theme` && name !== `${PREFIX}language`,
    );
    for (const name of names) localStorage.removeItem(name);
    sessionStorage.clear();
  } catch {
    // No storage in this browser's mode: nothing to forget.
  }
}
