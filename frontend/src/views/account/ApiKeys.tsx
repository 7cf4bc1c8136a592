/** Let somebody make API keys for programs of theirs, see when they were used, and revoke them. */

import { useId, useState } from "preact/hooks";
import * as mine from "../../api/mine";
import { inWords } from "../../language/bounds";
import { t } from "../../language/t";
import { collections } from "../../state/library";
import { models } from "../../state/models";
import { tell } from "../../state/notices";
import { type Bound, textsOf } from "../bounds/Bounds";
import { CopyDialog, CopyField } from "../dialog/CopyDialog";
import { Confirm } from "../dialog/Dialog";
import { Pending, useLive } from "../live";
import { Field, FormProblem, useSubmit } from "../sign-in/Form";
import { KeyQuota } from "./KeyQuota";
import { moment } from "./moments";
import "../sign-in/sign-in.css";
import "./account.css";

const DAY_SECONDS = 86_400;
const never = new AbortController().signal;

export function ApiKeys() {
  const { value: found, problem, reload } = useLive(mine.apiKeys, 0);
  const [secret, setSecret] = useState<string | null>(null);
  const [revoking, setRevoking] = useState<mine.ApiKey | null>(null);
  return (
    <div class="account">
      <NewKey
        scopes={found?.scopes ?? []}
        done={(made) => {
          setSecret(made);
          reload();
        }}
      />
      <section class="account-part">
        <h2>{t("Your keys")}</h2>
        {found === null && <Pending problem={problem} reload={reload} />}
        {found?.keys.length === 0 && <p>{t("You have none yet.")}</p>}
        <ul class="account-list">
          {found?.keys.map((key) => (
            <li key={key.id}>
              <div>
                <span class="account-main" dir="auto">
                  {key.name}
                </span>
                <span class="account-soft">{aboutKey(key)}</span>
                <span class="account-soft">{limitsOf(key)}</span>
              </div>
              <button
                type="button"
                class="button"
                aria-label={t("Revoke the key {name}", { name: key.name })}
                onClick={() => setRevoking(key)}
              >
                {t("Revoke")}
              </button>
            </li>
          ))}
        </ul>
      </section>
      {secret !== null && <Made secret={secret} close={() => setSecret(null)} />}
      {revoking && (
        <Confirm
          title={t("Revoke the key “{name}”?", { name: revoking.name })}
          text={t("Programs that use it are let in no more, and what they have open ends at once. It can’t be undone.")}
          action={t("Revoke")}
          confirm={() => mine.revokeApiKey(never, revoking.id).then(reload, tell)}
          close={() => setRevoking(null)}
        />
      )}
    </div>
  );
}

function NewKey({ scopes, done }: { scopes: readonly mine.Scope[]; done: (secret: string) => void }) {
  const [count, setCount] = useState(0);
  const [wanted, setWanted] = useState<Limits>(NONE);
  const [bounds, setBounds] = useState<readonly Bound[] | null>(null);
  const field = useId();
  const form = useSubmit(async (signal, values) => {
    const days = Number(values.days);
    const { secret } = await mine.makeApiKey(signal, {
      name: values.name ?? "",
      ...wanted,
      quota: textsOf(bounds ?? []),
      expires_at: days > 0 ? Date.now() / 1000 + days * DAY_SECONDS : null,
    });
    setCount(count + 1);
    setWanted(NONE);
    setBounds(null);
    done(secret);
  });
  const change = (what: keyof Limits) => (names: readonly string[] | null) => setWanted({ ...wanted, [what]: names });
  return (
    <section class="account-part">
      <h2>{t("Make a key")}</h2>
      <p>
        {t("A program that sends it is you, with your rights at that time and no more. Give each program its own.")}
      </p>
      <form class="form" onSubmit={form.submit} key={count}>
        <Field label={t("Name")} name="name" type="text" autocomplete="off" hint={t("What it is for.")} />
        <div class="form-field">
          <label for={`${field}-days`}>{t("It holds")}</label>
          <select id={`${field}-days`} class="field" name="days">
            <option value="30">{t("30 days")}</option>
            <option value="90" selected>
              {t("90 days")}
            </option>
            <option value="365">{t("a year")}</option>
            <option value="0">{t("until it is revoked")}</option>
          </select>
        </div>
        <Choice
          legend={t("What it may do")}
          all={t("All that you may")}
          options={scopes.map(({ name, description }) => [name, `${scopeName(name) ?? description} (${name})`])}
          chosen={wanted.scopes}
          change={change("scopes")}
        />
        <Choice
          legend={t("Models")}
          all={t("All models")}
          options={(models.value ?? []).map(({ name }) => [name, name])}
          chosen={wanted.models}
          change={change("models")}
        />
        <Choice
          legend={t("Collections")}
          all={t("All collections that you may use")}
          options={(collections.value ?? []).map(({ id, name }) => [id, name])}
          chosen={wanted.collections}
          change={change("collections")}
        />
        <KeyQuota bounds={bounds} change={setBounds} />
        <FormProblem text={form.problem} />
        <button type="submit" class="button is-primary account-send" disabled={form.isBusy}>
          {t("Make the key")}
        </button>
      </form>
    </section>
  );
}

/** What a scope lets a key do; undefined where it is not known here. */
function scopeName(scope: string): string | undefined {
  const names: Readonly<Record<string, string>> = {
    "chat:read": t("Read chats and answers"),
    "chat:write": t("Ask, and read, change and delete chats"),
    "chat:share": t("Share chats by link, prompts and assistants"),
    search: t("Search collections, and ask over them"),
    "documents:read": t("List collections, and read their documents"),
    "documents:write": t("Add, read and delete documents and collections"),
    "documents:share": t("Say who may do what with collections and documents"),
    embeddings: t("Make embeddings"),
    operate: t("Do what operators may do"),
  };
  return names[scope];
}

interface Limits {
  scopes: readonly string[] | null;
  models: readonly string[] | null;
  collections: readonly string[] | null;
}
const NONE: Limits = { scopes: null, models: null, collections: null };

interface ChoiceProperties {
  legend: string;
  all: string;
  options: readonly (readonly [string, string])[];
  /** Null: all. */
  chosen: readonly string[] | null;
  change: (chosen: readonly string[] | null) => void;
}

function Choice({ legend, all, options, chosen, change }: ChoiceProperties) {
  const turn = (value: string, isOn: boolean) => {
    const others = (chosen ?? []).filter((one) => one !== value);
    change(isOn ? [...others, value] : others);
  };
  return (
    <fieldset class="form-choice">
      <legend>{legend}</legend>
      <label class="form-check">
        <input type="checkbox" checked={chosen === null} onChange={() => change(chosen === null ? [] : null)} /> {all}
      </label>
      {chosen !== null &&
        options.map(([value, label]) => (
          <label key={value} class="form-check">
            <input
              type="checkbox"
              checked={chosen.includes(value)}
              onChange={(event) => turn(value, event.currentTarget.checked)}
            />{" "}
            {label}
          </label>
        ))}
    </fieldset>
  );
}

function Made({ secret, close }: { secret: string; close: () => void }) {
  return (
    <CopyDialog title={t("Your new key")} text={secret} close={close}>
      <p>{t("Copy it now: it is shown this once and kept nowhere.")}</p>
      <CopyField label={t("The key")} text={secret} kind="account-link account-secret" />
    </CopyDialog>
  );
}

function aboutKey({ last_used: used, expires_at: until }: mine.ApiKey): string {
  const isOver = until !== null && until * 1000 <= Date.now();
  const holds =
    until === null
      ? t("until it is revoked")
      : isOver
        ? t("expired {moment}", { moment: moment(until) })
        : t("until {moment}", { moment: moment(until) });
  return `${used === null ? t("never used") : t("last used {moment}", { moment: moment(used) })} · ${holds}`;
}

function limitsOf({ scopes, models: named, collections: inside, quota }: mine.ApiKey): string {
  const names = (collections.value ?? []).filter(({ id }) => inside?.includes(id)).map(({ name }) => name);
  return [
    scopes === null ? t("all that you may") : scopes.map((name) => scopeName(name) ?? name).join("; "),
    named === null ? "" : t("models: {names}", { names: named.join(", ") || t("none") }),
    inside === null ? "" : t("collections: {names}", { names: names.join(", ") || t("none") }),
    quota.length === 0 ? "" : t("at most {bounds}", { bounds: quota.map(inWords).join(", ") }),
  ]
    .filter(Boolean)
    .join(" · ");
}
