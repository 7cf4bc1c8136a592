/** Speak HTTP with the server; the one file that calls `fetch`. */

import { sentenceOf } from "../language/problems";
import { type ReasonValues, t } from "../language/t";

const ANSWER_MILLISECONDS = 30_000;
/** What stands before every path of the server's, where a proxy has put it below a prefix. */
export const PREFIX =
  typeof document === "undefined"
    ? location.pathname.replace(/\/(?:assets|src\/api)\/[^/]*$/, "") // in a worker: where its script stands
    : new URL(document.baseURI).pathname.replace(/\/[^/]*$/, "");

/** What the server (or the way to it) said instead of an answer. `message` is fit for a person. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    /** HTTP's status; 0 where the server was not reached. */
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
  }

  get isUnreachable(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 504;
  }
}

const listeners = new Set<(isReachable: boolean) => void>();

/** Tell who listens whether the server was reached. */
export function tellReachable(isReachable: boolean): void {
  for (const listener of listeners) listener(isReachable);
}

/** Call `listener` after every attempt to speak with the server, with whether it was reached; returns what ends that. */
export function onReachability(listener: (isReachable: boolean) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

let signedOut: () => void = () => {};

/** Call `listener` whenever the server says that nobody has signed in on this browser, or not any more. */
export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

let written: (path: string) => void = () => {};

/** Call `listener` with the path whenever the server has taken a change. */
export function onWritten(listener: (path: string) => void): void {
  written = listener;
}

interface Options {
  body?: unknown;
  headers?: Record<string, string>;
  /** Let the request outlive the page. */
  keepalive?: boolean;
}

/** By path, the last change that was sent to it; it settles without a fault. */
const changes = new Map<string, Promise<void>>();

/**
 * The JSON that the server answers with; `undefined` for an empty answer. Throws `Problem`, or the signal's reason.
 *
 * Changes of one thing reach the server in the order in which they are asked for: on two connections the second one
 * could overtake the first, which would then be what stays.
 */
export function request<T>(signal: AbortSignal, method: string, path: string, options: Options = {}): Promise<T> {
  if (method === "GET" || method === "POST" || options.keepalive) return exchange<T>(signal, method, path, options);
  const before = changes.get(path);
  const change = () => exchange<T>(signal, method, path, options);
  const changed = before === undefined ? change() : before.then(change);
  const settled = changed.then(
    () => {},
    () => {},
  );
  changes.set(path, settled);
  settled.then(() => {
    if (changes.get(path) === settled) changes.delete(path);
  });
  return changed;
}

/** All of a list that comes in pages, under its `name` in what came with its last page. */
export async function everything<T>(signal: AbortSignal, path: string, name: keyof T & string): Promise<T> {
  const found: unknown[] = [];
  let after = "";
  for (;;) {
    const page = await request<T & { next: string | null }>(signal, "GET", `${path}${after}`);
    found.push(...(page[name] as unknown[]));
    if (!page.next) return { ...page, [name]: found };
    after = `?after=${encodeURIComponent(page.next)}`;
  }
}

async function exchange<T>(signal: AbortSignal, method: string, path: string, options: Options): Promise<T> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MILLISECONDS)]);
  const response = await send(signal, limited, method, path, options);
  try {
    if (response.status === 204) return undefined as T;
    return (await response.json()) as T;
  } catch {
    signal.throwIfAborted();
    throw unreachable();
  }
}

/** A response whose body is still to be read, without a limit of time. Throws `Problem`, or the signal's reason. */
export function open(signal: AbortSignal, path: string, headers: Record<string, string>): Promise<Response> {
  return send(signal, signal, "GET", path, { headers });
}

/** The same of what is asked for with a body. */
export function openPost(signal: AbortSignal, path: string, body: unknown): Promise<Response> {
  return send(signal, signal, "POST", path, { body });
}

async function send(
  asked: AbortSignal,
  limited: AbortSignal,
  method: string,
  path: string,
  options: Options,
): Promise<Response> {
  const headers: Record<string, string> = { ...options.headers };
  const init: RequestInit = { method, headers, signal: limited, keepalive: options.keepalive ?? false };
  if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(options.body);
  }
  let response: Response;
  try {
    response = await fetch(PREFIX + path, init);
  } catch {
    asked.throwIfAborted();
    tellReachable(false);
    throw unreachable();
  }
  if (!response.ok) {
    const problem = problemOf(response.status, await response.text().catch(() => ""));
    asked.throwIfAborted();
    tellReachable(!problem.isUnreachable);
    if (problem.code === "not_signed_in") signedOut();
    throw problem;
  }
  tellReachable(true);
  if (method !== "GET") written(path);
  return response;
}

/** Send a file's bytes; `progress` gets the part that is sent, 0 to 1. Throws `Problem`, or the signal's reason. */
export function upload<T>(
  signal: AbortSignal,
  method: "PUT" | "POST",
  path: string,
  file: Blob,
  progress: (part: number) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest(); // fetch can't tell how much of a body is sent
    const abort = () => sending.abort();
    sending.open(method, PREFIX + path);
    sending.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    sending.upload.onprogress = (event) => {
      if (event.lengthComputable && event.total > 0) progress(event.loaded / event.total);
    };
    sending.onload = () => {
      tellReachable(true);
      if (sending.status >= 400) reject(problemOf(sending.status, sending.responseText));
      else {
        written(path);
        resolve(JSON.parse(sending.responseText) as T);
      }
    };
    sending.onerror = () => {
      tellReachable(false);
      reject(unreachable());
    };
    sending.onabort = () => reject(signal.reason);
    sending.onloadend = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) reject(signal.reason);
    else sending.send(file);
  });
}

export function unreachable(): Problem {
  return new Problem(0, "unreachable", t("The server can't be reached. Check the connection and try again."));
}

/** Whether somebody else has changed a thing since it was read. */
export const isChangedMeanwhile = (error: unknown) => error instanceof Problem && error.code === "changed_meanwhile";

/** Which sentence the detail of a problem is, where the server says so. */
interface Finer {
  reason?: string;
  values?: ReasonValues;
}

function problemOf(status: number, text: string): Problem {
  let told: { code?: string; title?: string; detail?: string; retry_after_seconds?: number } & Finer = {};
  try {
    told = JSON.parse(text) ?? {};
  } catch {
    // A proxy's page, most likely: the status has to do.
  }
  const fallback =
    status >= 500
      ? t("The server had a fault. Try again in a moment.")
      : t("The server refused this ({status}).", { status });
  const code = told.code ?? `http_${status}`;
  const again = told.retry_after_seconds ?? null;
  const reason = told.reason ? { code: told.reason, values: told.values ?? {} } : null;
  return new Problem(status, code, sentenceOf(code, told.detail || told.title || fallback, again, reason), again);
}
