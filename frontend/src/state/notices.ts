/** Keep what the page tells the person in passing: notices that are seen, announcements that are heard. */

import { signal } from "@preact/signals";
import { Problem } from "../api/http";
import { t } from "../language/t";

export interface Notice {
  id: number;
  text: string;
  isFault: boolean;
  action: { label: string; run: () => void } | null;
}

const NOTICE_MILLISECONDS = 7_000;
let count = 0;

export const notices = signal<readonly Notice[]>([]);
/** What a screen reader says, the last at the end. Those before it stay for a while: it may not have come to them. */
export const announcements = signal<readonly { id: number; text: string }[]>([]);
/** The dialogs that are open, the topmost last. Nothing outside of that one can be heard or pressed, and it is in the dark. */
export const dialogs = signal<readonly string[]>([]);

/** Show a notice for a few seconds; `over` is called when it goes away by itself. */
export function notify(
  text: string,
  { action = null, isFault = false, over }: { action?: Notice["action"]; isFault?: boolean; over?: () => void } = {},
): void {
  const notice: Notice = { id: ++count, text, isFault, action };
  // What failed for the same reason is one notice, which stays for as long as the last of them.
  const others = isFault ? notices.value.filter((one) => !one.isFault || one.text !== text) : notices.value;
  notices.value = [...others.slice(-2), notice];
  setTimeout(() => {
    dismiss(notice.id);
    over?.();
  }, NOTICE_MILLISECONDS);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

export function announce(text: string): void {
  announcements.value = [...announcements.peek().slice(-2), { id: ++count, text }]; // the same again is said again
}

/** What a caught error says to a person. */
export function messageOf(error: unknown): string {
  return error instanceof Problem ? error.message : t("Something went wrong in the page. Reload it and try again.");
}

/** Whether an error only says that somebody is no longer interested. */
export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";

/** Tell the person of a failed action, unless it was given up on purpose. */
export function tell(error: unknown): void {
  if (isAbort(error)) return;
  if (!(error instanceof Problem)) console.error(error);
  notify(messageOf(error), { isFault: true });
}
