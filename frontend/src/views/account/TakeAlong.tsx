/** Ask somebody who has signed in whether what was done here before is theirs. */

import { useState } from "preact/hooks";
import type { GuestThings } from "../../api/mine";
import { plural, t } from "../../language/t";
import { leaveGuest, offered, takeGuest } from "../../state/guest";
import { Dialog } from "../dialog/Dialog";

const NAMES: readonly [keyof GuestThings, (count: number) => string][] = [
  ["chats", (count) => plural(count, "{count} chat", "{count} chats")],
  ["sessions", (count) => plural(count, "{count} chat of another page", "{count} chats of another page")],
  ["collections", (count) => plural(count, "{count} collection", "{count} collections")],
  ["documents", (count) => plural(count, "{count} document", "{count} documents")],
  ["keys", (count) => plural(count, "{count} API key", "{count} API keys")],
];

export function TakeAlong() {
  const [isBusy, setBusy] = useState(false);
  const things = offered.value;
  if (things === null) return null;
  const take = async () => {
    setBusy(true);
    await takeGuest();
    setBusy(false);
  };
  return (
    <Dialog title={t("Take along what was done here before?")} close={leaveGuest}>
      <p>{t("Somebody used this browser without signing in. If it was you, make it yours:")}</p>
      <ul class="account-things">
        {NAMES.filter(([name]) => things[name] > 0).map(([name, say]) => (
          <li key={name}>{say(things[name])}</li>
        ))}
      </ul>
      <p>{t("It moves to your account, and this browser can’t open it without signing in any more.")}</p>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={leaveGuest}>
          {t("It isn’t mine")}
        </button>
        <button type="button" class="button is-primary" disabled={isBusy} onClick={take}>
          {t("Take it along")}
        </button>
      </div>
    </Dialog>
  );
}
