/** Set a password by a link: the first operator's, an invitation, or one for a new password. */

import { useEffect, useState } from "preact/hooks";
import * as people from "../../api/people";
import { homePath } from "../../state/route";
import { Field, FormProblem, useSubmit } from "./Form";
import { SignInFrame } from "./SignIn";

const TITLES = {
  first: "Become the operator",
  invitation: "Welcome to Hubbub",
  reset: "Set a new password",
  forgotten: "Set a new password",
} as const;

export function UseLink() {
  const secret = location.hash.slice(1);
  const [link, setLink] = useState<people.Link | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    document.title = "Welcome · Hubbub";
    const leaving = new AbortController();
    people.link(leaving.signal, secret).then(setLink, (error: unknown) => {
      if (!leaving.signal.aborted) setProblem(error instanceof Error ? error.message : String(error));
    });
    return () => leaving.abort();
  }, [secret]);
  if (link === null) {
    return (
      <SignInFrame title={problem ? "This link can’t be used" : "One moment …"}>
        <FormProblem text={problem} />
        {problem && (
          <a class="link-button" href={homePath}>
            Go to the page
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

function SetPassword({ secret, link }: { secret: string; link: people.Link }) {
  const isNew = link.kind === "first" || link.kind === "invitation";
  const form = useSubmit(async (signal, values) => {
    if (values.password !== values.again) throw new Error("The two passwords differ.");
    await people.takeLink(signal, secret, values.password ?? "", values.name ?? "", values.email ?? "");
    location.replace(homePath);
  });
  return (
    <form class="form" onSubmit={form.submit}>
      {link.kind === "first" ? (
        <Field label="E-mail" name="email" type="email" autocomplete="username" />
      ) : (
        link.email && <p>For {link.email}</p>
      )}
      {isNew && <Field label="Name" name="name" type="text" autocomplete="name" value={link.name} isOptional />}
      <Field
        label="New password"
        name="password"
        type="password"
        autocomplete="new-password"
        minLength={link.password_characters}
        hint={`At least ${link.password_characters} characters. Several words make a good password.`}
      />
      <Field label="The same password again" name="again" type="password" autocomplete="new-password" />
      <FormProblem text={form.problem} />
      <button type="submit" class="button is-primary" disabled={form.isBusy}>
        {isNew ? "Make the account" : "Set the password"}
      </button>
    </form>
  );
}
