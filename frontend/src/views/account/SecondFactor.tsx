/** The second factor of an account: an authenticator app, and recovery codes in case that is lost. */

import { useState } from "preact/hooks";
import * as people from "../../api/people";
import { plural, t } from "../../language/t";
import { tell } from "../../state/notices";
import { CopyDialog } from "../dialog/CopyDialog";
import { Confirm } from "../dialog/Dialog";
import { Field, FormProblem, useSubmit } from "../sign-in/Form";

const never = new AbortController().signal;

export function SecondFactor({ account, changed }: { account: people.Account; changed: () => void }) {
  const hasFactor = account.has_second_factor === true;
  const [proposed, setProposed] = useState<{ secret: string; address: string } | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const [removing, setRemoving] = useState<string | null>(null);
  const form = useSubmit(async (signal, values, button) => {
    if (proposed !== null) {
      setCodes((await people.confirmFactor(signal, values.code ?? "")).codes);
      setProposed(null);
      changed();
    } else if (button === "remove") {
      setRemoving(values.password ?? "");
    } else if (hasFactor) {
      setCodes((await people.renewCodes(signal, values.password ?? "")).codes);
      changed();
    } else {
      setProposed(await people.proposeFactor(signal, values.password ?? ""));
    }
  });
  return (
    <section class="account-part">
      <h2>{t("Second factor")}</h2>
      <p>
        {hasFactor
          ? t("A code of your authenticator app is asked for when you sign in. {left}", {
              left: leftOf(account.recovery_codes),
            })
          : t("With an authenticator app on your phone, a stolen password alone lets nobody in.")}
      </p>
      <form class="form" onSubmit={form.submit} key={proposed ? "code" : "password"}>
        {proposed ? (
          <>
            <p>
              {t("Enter this secret in your app:")} <a href={proposed.address}>{t("Open the app on this device")}</a>
            </p>
            <code class="account-secret">{proposed.secret.match(/.{1,4}/g)?.join(" ")}</code>
            <Field
              label={t("Code that the app shows")}
              name="code"
              type="text"
              autocomplete="one-time-code"
              inputMode="numeric"
            />
          </>
        ) : (
          <Field label={t("Password")} name="password" type="password" autocomplete="current-password" />
        )}
        <FormProblem text={form.problem} />
        <div class="account-buttons">
          {/* The first one is what Enter presses. */}
          <button type="submit" class="button" disabled={form.isBusy}>
            {proposed ? t("Confirm") : hasFactor ? t("Make new recovery codes") : t("Set up an app")}
          </button>
          {hasFactor && (
            <button type="submit" class="button" value="remove" disabled={form.isBusy}>
              {t("Remove the second factor")}
            </button>
          )}
        </div>
      </form>
      {removing !== null && (
        <Confirm
          title={t("Remove the second factor?")}
          text={t(
            "From then on your password alone lets you in, and whoever has it. Your recovery codes are gone, too.",
          )}
          action={t("Remove")}
          confirm={() => people.removeFactor(never, removing).then(changed, tell)}
          close={() => setRemoving(null)}
        />
      )}
      {codes !== null && <Codes codes={codes} close={() => setCodes(null)} />}
    </section>
  );
}

function Codes({ codes, close }: { codes: readonly string[]; close: () => void }) {
  return (
    <CopyDialog title={t("Your recovery codes")} text={codes.join("\n")} close={close}>
      <p>
        {t("Without your app you sign in with one of these in place of its code; each is good once. Store them now.")}
      </p>
      <ul class="account-codes" aria-label={t("Recovery codes")}>
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
    </CopyDialog>
  );
}

function leftOf(count: number): string {
  if (count === 0) return t("You have no recovery codes.");
  return plural(count, "One recovery code is left.", "{count} recovery codes are left.");
}
