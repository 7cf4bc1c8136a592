/** Set a password by a link: the first operator's, an invitation, or one for a new password. */

import { useEffect, useState } from "preact/hooks";
import { Problem } from "../../api/http";
import * as people from "../../api/people";
import { t } from "../../language/t";
import { homePath } from "../../state/route";
import { Field, FormProblem, useSubmit } from "./Form";
import { SignInFrame } from "./SignIn";

const TITLES = {
  first: t("Become the operator"),
  invitation: t("Welcome to Hubbub"),
  reset: t("Set a new password"),
  forgotten: t("Set a new password"),
} as const;

export function UseLink() {
  const secret = location.hash.slice(1);
  const [link, setLink] = useState<people.Link | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    document.title = `${t("Welcome")} · Hubbub`;
    const leaving = new AbortController();
    people.link(leaving.signal, secret).then(setLink, (error: unknown) => {
      if (!leaving.signal.aborted) setProblem(whyNot(error));
    });
    return () => leaving.abort();
  }, [secret]);
  if (link === null) {
    return (
      <SignInFrame title={problem ? t("This link can’t be used") : t("One moment …")}>
        <FormProblem text={problem} />
        {problem && (
          <a class="link-button" href={homePath}>
            {t("Go to the page")}
          </a>
        )}
      </SignInFrame>
    );
  }
  return (
    <SignInFrame title={TITLES[link.kind]}>
      <SetPassword secret={secret} link={link} />
    </SignInFrame>
  );
}

function whyNot(error: unknown): string {
  if (error instanceof Problem && error.status === 404)
    return t(
      "It was used already, it is too old, or a part of it is missing. Ask whoever runs this server for a new one.",
    );
  return error instanceof Error ? error.message : String(error);
}

function SetPassword({ secret, link }: { secret: string; link: people.Link }) {
  const isNew = link.kind === "first" || link.kind === "invitation";
  const form = useSubmit(async (signal, values) => {
    if (values.password !== values.again) throw new Error(t("The two passwords differ."));
    await people.takeLink(signal, secret, values.password ?? "", values.name ?? "", values.email ?? "");
    location.replace(homePath);
  });
  return (
    <form class="form" onSubmit={form.submit}>
      {link.kind === "first" ? (
        <Field label={t("E-mail")} name="email" type="email" autocomplete="username" />
      ) : (
        link.email && <p>{t("For {email}", { email: link.email })}</p>
      )}
      {isNew && <Field label={t("Name")} name="name" type="text" autocomplete="name" value={link.name} isOptional />}
      <Field
        label={t("New password")}
        name="password"
        type="password"
        autocomplete="new-password"
        minLength={link.password_characters}
        hint={t("At least {password_characters} characters. Several words make a good password.", {
          password_characters: link.password_characters,
        })}
      />
      <Field label={t("The same password again")} name="again" type="password" autocomplete="new-password" />
      <FormProblem text={form.problem} />
      <button type="submit" class="button is-primary" disabled={form.isBusy}>
        {isNew ? t("Make the account") : t("Set the password")}
      </button>
    </form>
  );
}
