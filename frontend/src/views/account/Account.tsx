/** Show somebody their own account: the password, the second factor, and where they are signed in. */

import { useState } from "preact/hooks";
import * as people from "../../api/people";
import { t } from "../../language/t";
import { tell } from "../../state/notices";
import { keysPath, navigate } from "../../state/route";
import { me, signOut } from "../../state/session";
import { Pending, useLive } from "../live";
import { SharedLinks } from "../shared/SharedLinks";
import { Field, FormProblem, useSubmit } from "../sign-in/Form";
import "../sign-in/sign-in.css";
import { Passkeys } from "./Passkeys";
import { SecondFactor } from "./SecondFactor";
import "./account.css";
import { MyData } from "./MyData";
import { moment } from "./moments";

const never = new AbortController().signal;

export function Account() {
  const { value: account, problem, reload } = useLive(people.account, 0);
  if (account === null)
    return (
      <div class="account">
        <Pending problem={problem} reload={reload} />
      </div>
    );
  return (
    <div class="account">
      <section class="account-part">
        <h2>{t("You")}</h2>
        <p>
          {account.name || account.email}
          {account.name && account.email && account.name !== account.email && ` · ${account.email}`}
        </p>
        <p class="account-soft">
          {t("Your id, by which others share with you: {id}", { id: me.value?.person.id ?? t("not known yet") })}
        </p>
        <button type="button" class="button" onClick={signOut}>
          {t("Sign out")}
        </button>
      </section>
      <section class="account-part">
        <h2>{t("API keys")}</h2>
        <p>{t("Programs of yours use Hubbub by a key, with no more rights than you have.")}</p>
        <a
          class="button"
          href={keysPath}
          onClick={(event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            navigate(keysPath);
          }}
        >
          {t("API keys")}
        </a>
      </section>
      <SharedLinks />
      <SignIns />
      {account.has_second_factor !== null && (
        <>
          <NewPassword account={account} />
          <SecondFactor account={account} changed={reload} />
          <Passkeys />
        </>
      )}
      <MyData />
    </div>
  );
}

function SignIns() {
  const { value: found, problem, reload } = useLive(people.signIns, 0);
  const end = (id: string) => people.endSignIn(never, id).then(reload, tell);
  return (
    <section class="account-part">
      <h2>{t("Where you are signed in")}</h2>
      {found === null && <Pending problem={problem} reload={reload} />}
      <ul class="account-list">
        {found?.map((one) => (
          <li key={one.id}>
            <div>
              <span class="account-main">{browserOf(one.agent)}</span>
              <span class="account-soft">
                {one.is_current ? t("this browser") : t("last used {moment}", { moment: moment(one.last_used) })}
                {one.address && ` · ${one.address}`}
              </span>
            </div>
            {!one.is_current && (
              <button
                type="button"
                class="button"
                aria-label={t("Sign out {browser}, last used {moment}", {
                  browser: browserOf(one.agent),
                  moment: moment(one.last_used),
                })}
                onClick={() => end(one.id)}
              >
                {t("Sign out")}
              </button>
            )}
          </li>
        ))}
      </ul>
      {(found?.length ?? 0) > 1 && (
        <button type="button" class="button" onClick={() => end("others")}>
          {t("Sign out everywhere else")}
        </button>
      )}
    </section>
  );
}

function NewPassword({ account }: { account: people.Account }) {
  const [isDone, setIsDone] = useState(false);
  const form = useSubmit(async (signal, values) => {
    setIsDone(false);
    await people.changePassword(signal, values.old ?? "", values.new ?? "");
    setIsDone(true);
  });
  return (
    <section class="account-part">
      <h2>{t("Change the password")}</h2>
      <form class="form" onSubmit={form.submit}>
        <Field label={t("Present password")} name="old" type="password" autocomplete="current-password" />
        <Field
          label={t("New password")}
          name="new"
          type="password"
          autocomplete="new-password"
          minLength={account.password_characters}
          hint={t("At least {password_characters} characters. You are signed out everywhere else.", {
            password_characters: account.password_characters,
          })}
        />
        <FormProblem text={form.problem} />
        <div role="status">{isDone ? t("The password is changed.") : ""}</div>
        <button type="submit" class="button account-send" disabled={form.isBusy}>
          {t("Change the password")}
        </button>
      </form>
    </section>
  );
}

/** What a browser calls itself, in two words. */
function browserOf(agent: string): string {
  const name = /(Firefox|Edg|Chrome|Safari)\//.exec(agent)?.[1]?.replace("Edg", "Edge") ?? (agent || t("A program"));
  const system = /(Android|iPhone|iPad|Windows|Mac OS|Linux)/.exec(agent)?.[1];
  return system ? t("{name} on {system}", { name, system }) : name;
}
