/** Show operators who is known here; invite, disable and reset people. */

import { useState } from "preact/hooks";
import { PREFIX } from "../../api/http";
import * as people from "../../api/people";
import { t } from "../../language/t";
import { tell } from "../../state/notices";
import { me } from "../../state/session";
import { CopyDialog, CopyField } from "../dialog/CopyDialog";
import { Confirm } from "../dialog/Dialog";
import { Pending, useLive } from "../live";
import { Menu } from "../menu/Menu";
import { FEW, Narrow, narrowed } from "../operators/Narrow";
import { Field, FormProblem, useSubmit } from "../sign-in/Form";
import "../sign-in/sign-in.css";
import "./account.css";
import { moment } from "./moments";

const never = new AbortController().signal;

export function People() {
  const { value: found, problem, reload } = useLive(people.people, 0);
  const invitations = useLive(people.invitations, 0);
  const invited = invitations.value ?? [];
  const [made, setMade] = useState<{ link: people.MadeLink; whose: string } | null>(null);
  const [disabling, setDisabling] = useState<people.KnownPerson | null>(null);
  const [words, setWords] = useState("");
  const load = () => {
    reload();
    invitations.reload();
  };
  const waiting = narrowed(invited, words, ({ email }) => [email]);
  const shown = narrowed(found ?? [], words, ({ name, email }) => [name, email]);
  const change = (one: people.KnownPerson, what: { is_active?: boolean; is_operator?: boolean }) =>
    people.changePerson(never, one.id, what).then(load, tell);
  const reset = (one: people.KnownPerson) =>
    people.resetPerson(never, one.id).then((link) => setMade({ link, whose: one.name || one.email }), tell);
  const itemsFor = (one: people.KnownPerson) => [
    { label: t("Make a link for a new password"), icon: "external" as const, run: () => reset(one) },
    one.is_operator
      ? { label: t("Make a member"), icon: "minus" as const, run: () => change(one, { is_operator: false }) }
      : { label: t("Make an operator"), icon: "plus" as const, run: () => change(one, { is_operator: true }) },
    one.is_active
      ? { label: t("Disable"), icon: "close" as const, run: () => setDisabling(one), isDanger: true }
      : { label: t("Enable"), icon: "check" as const, run: () => change(one, { is_active: true }) },
  ];
  return (
    <div class="account">
      <Invite
        done={(link, whose) => {
          setMade({ link, whose });
          load();
        }}
      />
      {invited.length + (found?.length ?? 0) > FEW && <Narrow words={words} changed={setWords} />}
      {waiting.length > 0 && (
        <section class="account-part">
          <h2>{t("Invited")}</h2>
          <ul class="account-list">
            {waiting.map((one) => (
              <li key={one.email}>
                <div>
                  <span class="account-main">{one.email}</span>
                  <span class="account-soft">{t("until {moment}", { moment: moment(one.expires_at) })}</span>
                </div>
                <button
                  type="button"
                  class="button"
                  aria-label={t("Withdraw the invitation of {email}", { email: one.email })}
                  onClick={() => people.withdraw(never, one.email).then(load, tell)}
                >
                  {t("Withdraw")}
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section class="account-part">
        <h2>{t("People")}</h2>
        {found === null && <Pending problem={problem} reload={load} />}
        <ul class="account-list">
          {shown.map((one) => (
            <li key={one.id}>
              <div>
                <span class="account-main">{one.name || one.email}</span>
                <span class="account-soft">
                  {[
                    one.name ? one.email : "",
                    one.is_active ? (one.is_operator ? t("operator") : t("member")) : t("disabled"),
                    one.last_signed_in
                      ? t("last signed in {moment}", { moment: moment(one.last_signed_in) })
                      : t("never signed in"),
                    one.id === me.value?.person.id ? t("you") : "",
                  ]
                    .filter(Boolean)
                    .join(" · ")}
                </span>
              </div>
              <Menu label={t("What to do with {name}", { name: one.name || one.email })} items={itemsFor(one)} />
            </li>
          ))}
        </ul>
      </section>
      {made && <MadeLink link={made.link} whose={made.whose} close={() => setMade(null)} />}
      {disabling && (
        <Confirm
          title={t("Disable {name}?", { name: disabling.name || disabling.email })}
          text={t(
            "They are signed out everywhere at once, and their API keys are revoked. Their chats and documents stay.",
          )}
          action={t("Disable")}
          confirm={() => change(disabling, { is_active: false })}
          close={() => setDisabling(null)}
        />
      )}
    </div>
  );
}

function Invite({ done }: { done: (link: people.MadeLink, whose: string) => void }) {
  const [count, setCount] = useState(0);
  const form = useSubmit(async (signal, values) => {
    const email = values.email ?? "";
    done(await people.invite(signal, email, values.name ?? "", values.operator === "on"), email);
    setCount(count + 1);
  });
  return (
    <section class="account-part">
      <h2>{t("Invite somebody")}</h2>
      <form class="form" onSubmit={form.submit} key={count}>
        <Field label={t("E-mail")} name="email" type="email" autocomplete="off" />
        <Field label={t("Name")} name="name" type="text" autocomplete="off" isOptional />
        <label class="form-check">
          <input type="checkbox" name="operator" /> {t("As an operator, who manages people")}
        </label>
        <FormProblem text={form.problem} />
        <button type="submit" class="button is-primary account-send" disabled={form.isBusy}>
          {t("Invite")}
        </button>
      </form>
    </section>
  );
}

function MadeLink({ link, whose, close }: { link: people.MadeLink; whose: string; close: () => void }) {
  const address = link.url.startsWith("/") ? location.origin + PREFIX + link.url : link.url;
  return (
    <CopyDialog title={t("A link for {name}", { name: whose })} text={address} close={close}>
      <p>
        {link.is_mailed ? t("A mail with this link was sent.") : t("Pass this link on.")}{" "}
        {t("It can be used once, until {moment}, and is shown only now.", { moment: moment(link.expires_at) })}
      </p>
      <CopyField label={t("The link")} text={address} kind="account-link" />
    </CopyDialog>
  );
}
