/** Call the server's resources for operators by name. */

import { everything, PREFIX, request } from "./http";

const at = (...parts: string[]) => `/api/${parts.map(encodeURIComponent).join("/")}`;

export interface Progress {
  waiting: number;
  reading: number;
  embedding: number;
  ready: number;
  failed: number;
  passages: number;
  embedded: number;
}

export interface Server {
  version: string;
  process: number;
  at: number;
  open_answers: number;
  waiting_answers: number;
  readers: number;
  connections: number | null;
  memory_bytes: number;
  processor_seconds: number;
  lag_median_seconds: number;
  lag_99_seconds: number;
  lag_longest_seconds: number;
  incident_count: number;
  models: readonly {
    name: string;
    provider: string;
    reason: string;
    is_default: boolean;
    answers: number;
    input_tokens: number;
    output_tokens: number;
  }[];
  deployments: readonly {
    name: string;
    state: "well" | "busy" | "ill";
    opens_in_seconds: number;
    under_way: number;
    attempts: number;
    failures: number;
  }[];
  incidents: readonly { at: number; seconds: number; stack: readonly string[]; delayed: Record<string, number> }[];
  errors: readonly { reference: string; at: number; code: string; detail: string; trace_id: string }[];
  documents: Progress;
}

export interface CollectionOfSomebody {
  id: string;
  name: string;
  owner_id: string;
  owner: string;
  documents: number;
  is_shared: boolean;
  progress: Progress;
}

export interface SignInOfSomebody {
  id: string;
  person_id: string;
  person: string;
  provider: string;
  address: string;
  agent: string;
  created_at: number;
  last_used: number;
}

export type By = "person" | "group" | "model" | "key" | "day";

export interface UsageLine {
  name: string;
  label: string;
  questions: number;
  input_tokens: number;
  cached_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  money: string;
}

export interface Report {
  currency: string;
  start: number;
  end: number;
  lines: readonly UsageLine[];
}

export type Outcome = "done" | "refused" | "failed" | "unknown";

export interface AuditLine {
  number: number;
  at: number;
  who: string;
  deed: string;
  what: string;
  where: string;
  outcome: Outcome;
  detail: string;
}

export interface AuditPage {
  lines: readonly AuditLine[];
  next: number | null;
  names: Readonly<Record<string, string>>;
}

export interface Setting {
  name: string;
  value: string;
  source: string;
  is_secret: boolean;
}

export interface Group {
  id: string;
  name: string;
  members: number;
}

export interface Member {
  person_id: string;
  is_manager: boolean;
}

export interface Job {
  id: string;
  kind: "export" | "handover" | "erasure";
  person_id: string;
  asked_at: number;
  state: "waiting" | "done" | "failed";
  ended_at: number | null;
  report: Readonly<Record<string, number | string>>;
}

export interface Hold {
  person_id: string;
  person: string;
  reason: string;
  placed_at: number;
}

const query = (values: Record<string, string | number>) => {
  const given = Object.entries(values).filter(([, value]) => value !== "" && value !== 0);
  return given.length > 0 ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : "";
};

export const server = (signal: AbortSignal) => request<Server>(signal, "GET", "/api/operators/server");

export const collections = (signal: AbortSignal, after: string) =>
  request<{ collections: CollectionOfSomebody[]; next: string | null }>(
    signal,
    "GET",
    `/api/operators/collections${query({ after })}`,
  );

export const signIns = (signal: AbortSignal, after: string) =>
  request<{ sign_ins: SignInOfSomebody[]; next: string | null }>(
    signal,
    "GET",
    `/api/operators/sign-ins${query({ after })}`,
  );

export const endSignIn = (signal: AbortSignal, id: string) =>
  request<void>(signal, "DELETE", at("operators", "sign-ins", id));

export const usage = (signal: AbortSignal, by: By, from: string, to: string) =>
  request<Report>(signal, "GET", `/api/operators/usage${query({ by, from, to })}`);

export const usageAddress = (by: By, from: string, to: string) =>
  `${PREFIX}/api/operators/usage${query({ by, from, to, format: "csv" })}`;

export const audit = (signal: AbortSignal, filter: Record<string, string>, before: number) =>
  request<AuditPage>(signal, "GET", `/api/operators/audit${query({ ...filter, before })}`);

export const verifyAudit = (signal: AbortSignal) =>
  request<{ entries: number; last: string; fault: string }>(signal, "GET", "/api/operators/audit/verified");

export const auditAddress = () => `${PREFIX}/api/operators/audit/lines`;

export async function settings(signal: AbortSignal): Promise<readonly Setting[]> {
  return (await request<{ settings: Setting[] }>(signal, "GET", "/api/operators/settings")).settings;
}

export async function groups(signal: AbortSignal): Promise<readonly Group[]> {
  return (await everything<{ groups: Group[] }>(signal, "/api/groups", "groups")).groups;
}

export const makeGroup = (signal: AbortSignal, name: string) =>
  request<Group>(signal, "POST", "/api/groups", { body: { name } });

export const deleteGroup = (signal: AbortSignal, id: string) => request<void>(signal, "DELETE", at("groups", id));

export async function members(signal: AbortSignal, id: string): Promise<readonly Member[]> {
  return (await everything<{ members: Member[] }>(signal, at("groups", id, "members"), "members")).members;
}

export const putMember = (signal: AbortSignal, id: string, person: string, isManager: boolean) =>
  request<void>(signal, "PUT", at("groups", id, "members", person), { body: { is_manager: isManager } });

export const removeMember = (signal: AbortSignal, id: string, person: string) =>
  request<void>(signal, "DELETE", at("groups", id, "members", person));

export async function holds(signal: AbortSignal): Promise<readonly Hold[]> {
  return (await request<{ holds: Hold[] }>(signal, "GET", "/api/operators/holds")).holds;
}

export const jobs = (signal: AbortSignal) =>
  request<{ jobs: Job[]; names: Record<string, string> }>(signal, "GET", "/api/operators/jobs");

export const placeHold = (signal: AbortSignal, person: string, reason: string) =>
  request<void>(signal, "PUT", at("people", person, "hold"), { body: { reason } });

export const endHold = (signal: AbortSignal, person: string) =>
  request<void>(signal, "DELETE", at("people", person, "hold"));

export const exportPerson = (signal: AbortSignal, person: string) =>
  request<Job>(signal, "POST", at("people", person, "export"));

/** Erase a person, after their things were handed over; "": to nobody. */
export const erasePerson = (signal: AbortSignal, person: string, taker: string) =>
  request<Job>(signal, "POST", at("people", person, "erasure"), { body: { confirm: person, taker_id: taker } });

/** What of a person's can be handed over, and whether it is too much for who gets it. */
export interface ThingsToHandOver {
  collections: number;
  documents: number;
  assistants: number;
  prompts: number;
  exceeds_allowance: boolean;
}

export const thingsOf = (signal: AbortSignal, person: string, taker: string) =>
  request<ThingsToHandOver>(signal, "GET", `${at("people", person, "handover")}${query({ taker_id: taker })}`);

export const handOver = (signal: AbortSignal, person: string, taker: string) =>
  request<Job>(signal, "POST", at("people", person, "handover"), { body: { taker_id: taker } });

export interface Reading {
  person_id: string;
  person: string;
  reason: string;
  until: number;
}

export async function readings(signal: AbortSignal): Promise<readonly Reading[]> {
  return (await request<{ readings: Reading[] }>(signal, "GET", "/api/operators/readings")).readings;
}

export const beginReading = (signal: AbortSignal, person: string, reason: string) =>
  request<Reading>(signal, "POST", "/api/operators/readings", { body: { person_id: person, reason } });

export const endReading = (signal: AbortSignal, person: string) =>
  request<void>(signal, "DELETE", at("operators", "readings", person));

export const exportAddress = (id: string) => `${PREFIX}${at("exports", id, "file")}`;

export async function myJobs(signal: AbortSignal): Promise<readonly Job[]> {
  return (await request<{ jobs: Job[] }>(signal, "GET", "/api/me/jobs")).jobs;
}

export const exportMe = (signal: AbortSignal) => request<Job>(signal, "POST", "/api/me/export");

export const eraseMe = (signal: AbortSignal, person: string) =>
  request<Job>(signal, "POST", "/api/me/erasure", { body: { confirm: person } });
