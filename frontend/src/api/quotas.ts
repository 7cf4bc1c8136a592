/** Call the server's quotas by name, for operators. */

import { request } from "./http";

const PATH = "/api/operators/quotas";

export const SCOPES = ["server", "group", "person", "key"] as const;
export type Scope = (typeof SCOPES)[number];

interface Sourced {
  source: "settings" | "set";
  set_by: string;
  set_by_name: string;
  set_at: number | null;
}

export interface Quota extends Sourced {
  scope: Scope;
  /** Empty: all together, or each. */
  subject: string;
  name: string;
  bounds: readonly string[];
  words: readonly string[];
  in_settings: readonly string[] | null;
}

export interface Over extends Sourced {
  /** Empty: none answers. */
  model: string;
}

export interface Quotas {
  quotas: readonly Quota[];
  over: Over | null;
}

export const quotas = (signal: AbortSignal) => request<Quotas>(signal, "GET", PATH);

export const setQuota = (signal: AbortSignal, scope: Scope, subject: string, bounds: readonly string[]) =>
  request<void>(signal, "PUT", PATH, { body: { scope, subject, bounds } });

export const removeQuota = (signal: AbortSignal, scope: Scope | "over", subject: string) =>
  request<void>(signal, "DELETE", `${PATH}?${new URLSearchParams({ scope, subject })}`);

export const setOver = (signal: AbortSignal, model: string) =>
  request<void>(signal, "PUT", `${PATH}/over`, { body: { model } });
