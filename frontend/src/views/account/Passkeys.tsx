/** Let somebody add passkeys and remove them. */

import { useEffect, useState } from "preact/hooks";
import { hasPasskeys, makePasskey, type Passkey, passkeys, removePasskey } from "../../api/passkeys";
import { t } from "../../language/t";
import { tell } from "../../state/notices";
import { Confirm } from "../dialog/Dialog";
import { Field, FormProblem, useSubmit } from "../sign-in/Form";
import { moment } from "./moments";

const never = new AbortController().signal;

export function Passkeys() {
  const [found, setFound] = useState<readonly Passkey[]>([]);
  const [removing, setRemoving] = useState<Passkey | null>(null);
  const [count, setCount] = useState(0);
  const load = () => passkeys(never).then(setFound, tell);
  useEffect(() => {
    load();
  }, []);
  const form = useSubmit(async (signal, values) => {
    await makePasskey(signal, values.name ?? "", values.password ?? "");
    setCount(count + 1);
    await load();
  });
  if (!hasPasskeys() && found.length === 0) return null;
  return (
    <section class="account-part">
      <h2>{t("Passkeys")}</h2>
      <p>{t("A passkey on your phone, computer or security key signs you in without password and code.")}</p>
      <ul class="account-list">
        {found.map((one) => (
          <li key={one.id}>
            <div>
              <span class="account-main" dir="auto">
                {one.name}
              </span>
              <span class="account-soft">
                {one.last_used === null ? t("never used") : t("last used {moment}", { moment: moment(one.last_used) })}
              </span>
            </div>
            <button
              type="button"
              class="button"
              aria-label={t("Remove the passkey {name}", { name: one.name })}
              onClick={() => setRemoving(one)}
            >
              {t("Remove")}
            </button>
          </li>
        ))}
      </ul>
      {hasPasskeys() && (
        <form class="form" onSubmit={form.submit} key={count}>
          <Field
            label={t("Name of the passkey")}
            name="name"
            type="text"
            autocomplete="off"
            hint={t("The device it is on.")}
          />
          <Field label={t("Your password")} name="password" type="password" autocomplete="current-password" />
          <FormProblem text={form.problem} />
          <button type="submit" class="button account-send" disabled={form.isBusy}>
            {t("Add a passkey")}
          </button>
        </form>
      )}
      {removing && (
        <Confirm
          title={t("Remove the passkey “{name}”?", { name: removing.name })}
          text={t("It signs you in no more. It can’t be undone, but you can add a new one.")}
          action={t("Remove")}
          confirm={() => removePasskey(never, removing.id).then(load, tell)}
          close={() => setRemoving(null)}
        />
      )}
    </section>
  );
}
