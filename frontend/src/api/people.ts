/** Call the server's resources about signing in and people by name. */

import { everything, request } from "./http";

const at = (...parts: string[]) => `/api/${parts.map(encodeURIComponent).join("/")}`;

export interface Ways {
  ways: readonly { kind: "password" | "address"; name: string; address: string; is_there: boolean }[];
  is_open_to_everybody: boolean;
  can_reset_by_mail: boolean;
  password_characters: number;
}

export interface Link {
  kind: "first" | "invitation" | "reset" | "forgotten";
  email: string;
  name: string;
  password_characters: number;
}

export interface SignIn {
  id: string;
  is_current: boolean;
  provider: string;
  address: string;
  agent: string;
  created_at: number;
  last_used: number;
}

export interface Account {
  name: string;
  email: string;
  provider: string;
  has_second_factor: boolean | null;
  recovery_codes: number;
  password_characters: number;
}

export interface KnownPerson {
  id: string;
  name: string;
  email: string;
  is_operator: boolean;
  is_active: boolean;
  providers: readonly string[];
  created_at: number;
  last_signed_in: number | null;
}

export interface Invitation {
  email: string;
  name: string;
  is_operator: boolean;
  expires_at: number;
}

export interface MadeLink {
  url: string;
  expires_at: number;
  is_mailed: boolean;
}

export const ways = (signal: AbortSignal) => request<Ways>(signal, "GET", "/api/sign-in");

export const signIn = (signal: AbortSignal, email: string, password: string, code: string) =>
  request<{ id: string }>(signal, "POST", "/api/sign-in", { body: { email, password, code } });

/** Answers with an address where the browser is to be signed out, too: at the provider that signed it in. */
export const signOut = (signal: AbortSignal) =>
  request<{ address: string } | undefined>(signal, "POST", "/api/sign-out");

export const forgotten = (signal: AbortSignal, email: string) =>
  request<void>(signal, "POST", "/api/sign-in/forgotten", { body: { email } });

export const link = (signal: AbortSignal, secret: string) =>
  request<Link>(signal, "POST", "/api/sign-in/link", { body: { link: secret } });

/** Answers with an empty id where the person still has to sign in. */
export const takeLink = (signal: AbortSignal, secret: string, password: string, name: string, email: string) =>
  request<{ id: string }>(signal, "PUT", "/api/sign-in/link", { body: { link: secret, password, name, email } });

export const account = (signal: AbortSignal) => request<Account>(signal, "GET", "/api/me/account");

export async function signIns(signal: AbortSignal): Promise<SignIn[]> {
  return (await request<{ sign_ins: SignIn[] }>(signal, "GET", "/api/sign-ins")).sign_ins;
}

/** Ends one of one's own; "others" ends all but this browser's. */
export const endSignIn = (signal: AbortSignal, id: string) => request<void>(signal, "DELETE", at("sign-ins", id));

export const changePassword = (signal: AbortSignal, old: string, replacement: string) =>
  request<void>(signal, "PUT", "/api/me/password", { body: { old, new: replacement } });

export const proposeFactor = (signal: AbortSignal, password: string) =>
  request<{ secret: string; address: string }>(signal, "POST", "/api/me/second-factor", { body: { password } });

export const confirmFactor = (signal: AbortSignal, code: string) =>
  request<{ codes: string[] }>(signal, "PUT", "/api/me/second-factor", { body: { code } });

export const renewCodes = (signal: AbortSignal, password: string) =>
  request<{ codes: string[] }>(signal, "POST", "/api/me/second-factor/codes", { body: { password } });

export const removeFactor = (signal: AbortSignal, password: string) =>
  request<void>(signal, "POST", "/api/me/second-factor/remove", { body: { password } });

export async function people(signal: AbortSignal): Promise<KnownPerson[]> {
  return (await everything<{ people: KnownPerson[] }>(signal, "/api/people", "people")).people;
}

export const changePerson = (
  signal: AbortSignal,
  id: string,
  change: { is_active?: boolean; is_operator?: boolean },
): Promise<KnownPerson> => request(signal, "PATCH", at("people", id), { body: change });

export const resetPerson = (signal: AbortSignal, id: string) =>
  request<MadeLink>(signal, "POST", at("people", id, "reset"));

export async function invitations(signal: AbortSignal): Promise<Invitation[]> {
  return (await everything<{ invitations: Invitation[] }>(signal, "/api/invitations", "invitations")).invitations;
}

export const invite = (signal: AbortSignal, email: string, name: string, isOperator: boolean) =>
  request<MadeLink>(signal, "POST", "/api/invitations", { body: { email, name, is_operator: isOperator } });

export const withdraw = (signal: AbortSignal, email: string) =>
  request<void>(signal, "DELETE", at("invitations", email));
