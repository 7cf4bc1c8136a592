/** Have the browser make passkeys and sign with them, between the server's resources. */

import { t } from "../language/t";
import { request } from "./http";

const at = (...parts: string[]) => `/api/${parts.map(encodeURIComponent).join("/")}`;

export interface Passkey {
  id: string;
  name: string;
  created_at: number;
  last_used: number | null;
}

/** Whether this browser has passkeys for this address: a plain IP address has none. */
export const hasPasskeys = () =>
  isSecureContext &&
  typeof PublicKeyCredential !== "undefined" &&
  "parseCreationOptionsFromJSON" in PublicKeyCredential &&
  !/^[\d.]+$|^\[/.test(location.hostname);

export async function passkeys(signal: AbortSignal): Promise<Passkey[]> {
  return (await request<{ passkeys: Passkey[] }>(signal, "GET", at("me", "passkeys"))).passkeys;
}

export const removePasskey = (signal: AbortSignal, id: string) =>
  request<void>(signal, "DELETE", at("me", "passkeys", id));

/** Make a passkey; the browser asks the person. Throws where they say no. */
export async function makePasskey(signal: AbortSignal, name: string, password: string): Promise<void> {
  const path = at("me", "passkeys", "options");
  const { options } = await request<{ options: PublicKeyCredentialCreationOptionsJSON }>(signal, "POST", path, {
    body: { password },
  });
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const made = await asked(navigator.credentials.create({ publicKey, signal }));
  await request(signal, "POST", at("me", "passkeys"), { body: { name, credential: made.toJSON() } });
}

/** Sign in with a passkey; the browser asks which one. Throws where the person says no. */
export async function signInByPasskey(signal: AbortSignal): Promise<void> {
  const path = at("sign-in", "passkey", "options");
  const { options } = await request<{ options: PublicKeyCredentialRequestOptionsJSON }>(signal, "POST", path);
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const signed = await asked(navigator.credentials.get({ publicKey, signal }));
  await request(signal, "POST", at("sign-in", "passkey"), { body: { credential: signed.toJSON() } });
}

async function asked(asking: Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const found = await asking;
    if (found instanceof PublicKeyCredential) return found;
  } catch (error) {
    if (error instanceof DOMException && error.name === "InvalidStateError") {
      throw new Error(t("This device has a passkey for your account already."));
    }
  }
  throw new Error(t("No passkey was used: the browser was told no, or waited too long."));
}
