/** Let somebody sign in: with e-mail and password, with a code where one is asked for, or at another provider. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../../api/http";
import { hasPasskeys, signInByPasskey } from "../../api/passkeys";
import * as people from "../../api/people";
import { t } from "../../language/t";
import { addressOfWay, leave } from "../../state/leaving";
import { Sign } from "../icons";
import { Field, FormProblem, useSubmit } from "./Form";
import "./sign-in.css";

export function SignIn() {
  const [ways, setWays] = useState<people.Ways | null>(null);
  const [problem, setProblem] = useState("");
  const [hasForgotten, setHasForgotten] = useState(false);
  useEffect(() => {
    document.title = `${t("Sign in")} · Hubbub`;
    const leaving = new AbortController();
    people.ways(leaving.signal).then(setWays, (error: unknown) => {
      if (!leaving.signal.aborted) setProblem(error instanceof Error ? error.message : String(error));
    });
    return () => leaving.abort();
  }, []);
  return (
    <SignInFrame title={hasForgotten ? t("Choose a new password") : t("Sign in")}>
      {ways?.ways.map((way) =>
        way.kind === "address" ? (
          <div key={way.name} class="sign-in-way">
            <a class="button" href={addressOfWay(way.address)} onClick={leave}>
              {t("Sign in with {name}", { name: way.name })}
            </a>
            {!way.is_there && (
              <p class="sign-in-note" role="status">
                {t("{name} can’t be reached at the moment. Whoever is signed in already can go on.", {
                  name: way.name,
                })}
              </p>
            )}
          </div>
        ) : null,
      )}
      {!hasForgotten && hasPasskeys() && ways?.ways.some((way) => way.kind === "password") && <ByPasskey />}
      {ways?.ways.some((way) => way.kind === "password") &&
        (hasForgotten ? (
          <Forgotten ways={ways} back={() => setHasForgotten(false)} />
        ) : (
          <Credentials forgot={() => setHasForgotten(true)} />
        ))}
      {ways?.ways.length === 0 && (
        <p class="sign-in-note">
          {t(
            "You are signed in before you reach this page. Open it at its usual address; if you do, ask whoever runs this server.",
          )}
        </p>
      )}
      <FormProblem text={problem} />
    </SignInFrame>
  );
}

export function SignInFrame({ title, children }: { title: string; children: preact.ComponentChildren }) {
  return (
    <main class="sign-in">
      <div class="sign-in-box">
        <p class="sign-in-brand">
          <Sign /> Hubbub
        </p>
        <h1 class="sign-in-title">{title}</h1>
        {children}
      </div>
    </main>
  );
}

function ByPasskey() {
  const form = useSubmit(async (signal) => {
    await signInByPasskey(signal);
    location.reload();
  });
  return (
    <form class="sign-in-passkey" onSubmit={form.submit}>
      <button type="submit" class="button sign-in-way" disabled={form.isBusy}>
        {t("Sign in with a passkey")}
      </button>
      <FormProblem text={form.problem} />
    </form>
  );
}

function Credentials({ forgot }: { forgot: () => void }) {
  const [needsCode, setNeedsCode] = useState(false);
  const code = useRef<HTMLInputElement>(null);
  useEffect(() => code.current?.focus(), [needsCode]);
  const form = useSubmit(async (signal, values) => {
    try {
      await people.signIn(signal, values.email ?? "", values.password ?? "", values.code ?? "");
    } catch (error) {
      if (!(error instanceof Problem && error.code === "code_needed")) throw error;
      setNeedsCode(true);
      return;
    }
    location.reload();
  });
  return (
    <form class="form" onSubmit={form.submit}>
      <Field label={t("E-mail")} name="email" type="email" autocomplete="username" />
      <Field label={t("Password")} name="password" type="password" autocomplete="current-password" />
      {needsCode && (
        <Field
          label={t("Code of your authenticator app")}
          name="code"
          type="text"
          autocomplete="one-time-code"
          hint={t("Or one of your recovery codes.")}
          inputRef={code}
        />
      )}
      <FormProblem text={form.problem} />
      <button type="submit" class="button is-primary" disabled={form.isBusy}>
        {t("Sign in")}
      </button>
      <button type="button" class="link-button" onClick={forgot}>
        {t("I forgot my password")}
      </button>
    </form>
  );
}

function Forgotten({ ways, back }: { ways: people.Ways; back: () => void }) {
  const [isSent, setIsSent] = useState(false);
  const form = useSubmit(async (signal, values) => {
    await people.forgotten(signal, values.email ?? "");
    setIsSent(true);
  });
  const again = (
    <button type="button" class="link-button" onClick={back}>
      {t("Back to signing in")}
    </button>
  );
  if (!ways.can_reset_by_mail) {
    return (
      <div class="form">
        <p>{t("This server sends no mail. Ask whoever runs it for a link to set a new password.")}</p>
        {again}
      </div>
    );
  }
  if (isSent) {
    return (
      <div class="form">
        <p role="status">{t("If there is an account with this address, a mail with a link is on its way.")}</p>
        {again}
      </div>
    );
  }
  return (
    <form class="form" onSubmit={form.submit}>
      <Field label={t("E-mail")} name="email" type="email" autocomplete="username" />
      <FormProblem text={form.problem} />
      <button type="submit" class="button is-primary" disabled={form.isBusy}>
        {t("Send me a link")}
      </button>
      {again}
    </form>
  );
}
