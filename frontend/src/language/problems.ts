/** Say in the language of the page what the server says in English: by the code of what went wrong, where it is known. */

import { usedUp } from "./quotas";
import { language, type ReasonValues, said, t } from "./t";

const BUSY_MODEL = t("The model is busy.");
const LATE_MODEL = t("The model took too long. Try again, or choose another model.");
const BROKEN_OFF = t("The model’s server broke off before the answer was complete. Ask again.");
const NO_STORE = t("The server can store nothing at the moment. Tell whoever runs it.");
const WRONG_CODE = t(
  "The code is wrong, or was used already. Wait for the next one, and check the clock of your phone.",
);

/** Codes that mean one thing wherever they come from. What others mean is in the server's sentence alone. */
const SENTENCES: Readonly<Record<string, string>> = {
  all_busy: BUSY_MODEL,
  assistant_collections: t(
    "None of the assistant’s collections is there for you. Ask whoever made it, choose another assistant, or go on without one.",
  ),
  assistant_gone: t(
    "The assistant of this chat was deleted, or is not shared with you any more. Choose another, or go on without one.",
  ),
  assistant_model: t(
    "The assistant’s model is not there for you. Choose a model for your question, or ask whoever made it.",
  ),
  bad_answer: t("The model’s server sent something else than an answer. Try another model."),
  bad_passkey: t("This passkey can’t be used here. Try again, or sign in another way."),
  broke_off: BROKEN_OFF,
  code_needed: t("Enter the code that your authenticator app shows."),
  context_too_long: t(
    "The conversation is too long for this model. Start a new chat, or choose a model with more context.",
  ),
  draining: t("The server is about to end or to restart."),
  internal: t("Something went wrong on our side. Try again."),
  interrupted: t(
    "The server stopped while this was being written. What was written is kept; you can ask for the answer again.",
  ),
  model_busy: BUSY_MODEL,
  model_died: BROKEN_OFF,
  not_accepted: t("The model’s server did not accept this question. Change it, or choose another model."),
  not_found: t("This is not there, or not yours."),
  not_ready: t("The model is not ready. Try again later, or choose another model."),
  not_signed_in: t("Sign in first."),
  over_quota: t("What may be used is used up."),
  overloaded: t("Too many ask the server at once."),
  refused: t("The model’s server refused. Try again later, or choose another model."),
  search_error: t("The documents could not be searched. Try again in a moment."),
  silent: t("The model’s server fell silent in the middle of the answer. Ask again."),
  store_error: NO_STORE,
  store_full: NO_STORE,
  store_lost: NO_STORE,
  too_busy: t("As much of yours is under way or waits as may."),
  too_long: LATE_MODEL,
  too_many_attempts: t("Signing in has failed too often. Wait some minutes, or use a link for a new password."),
  unknown_ending: BROKEN_OFF,
  unreachable: t("The model’s server can’t be reached. Try again in a moment."),
  wrong_code: WRONG_CODE,
  wrong_credentials: t("The e-mail address or the password is wrong."),
  wrong_password: t("The present password is wrong."),
};

/** Why something can't be done, as the server has it: a code, and what stands in its sentence. */
export interface Reason {
  code: string;
  values?: ReasonValues;
}

/** Something of a file that was not read; `text` says it in English. */
export interface Omission {
  kind: string;
  text: string;
  count: number;
  of: number;
  /** What was not read, by name; and the file within the document that it is said of. */
  names?: string;
  within?: string;
}

/** What the server said in several sentences, in the language of the page where all of them are known. */
export function sentencesOf(why: readonly Reason[] | undefined, text: string): string {
  const known = why?.map(({ code, values }) => said(code, values ?? {})) ?? [];
  return known.length > 0 && !known.includes(null) ? known.join(" ") : text;
}

/** What of a file was not read, to stand after "ready, but". */
export function omissionOf({ kind, text, count, of, names = "", within = "" }: Omission): string {
  const percent = of > 0 ? Math.max(1, Math.round((100 * count) / of)) : 0;
  const known = said(`omitted_${kind}`, { count, of, percent, names });
  return known === null ? text : within ? `${within}: ${known}` : known;
}

/** What the server said of a problem, for a person: in its own words where the page speaks English, or knows no better. */
export function sentenceOf(
  code: string,
  text: string,
  retryAfterSeconds: number | null = null,
  reason: Reason | null = null,
): string {
  const finer = reason && (usedUpOf(reason) ?? said(reason.code, reason.values ?? {}));
  const known = finer ?? (language !== "en" && Object.hasOwn(SENTENCES, code) ? SENTENCES[code] : undefined);
  if (known === undefined) return text;
  const reference = /\(Reference: (\w+)\)$/.exec(text)?.[1];
  return [known, finer ? "" : againIn(retryAfterSeconds), reference && t("(Reference: {reference})", { reference })]
    .filter(Boolean)
    .join(" ");
}

const usedUpOf = ({ code, values }: Reason) => (code === "quota_used_up" ? usedUp(values ?? {}) : null);

function againIn(seconds: number | null): string {
  if (seconds === null) return "";
  if (seconds <= 90) return t("Try again in {seconds} s.", { seconds: Math.ceil(seconds) });
  const minutes = Math.ceil(seconds / 60);
  if (minutes <= 90) return t("Try again in {minutes} min.", { minutes });
  return t("Try again in {hours} h.", { hours: Math.ceil(minutes / 60) });
}
