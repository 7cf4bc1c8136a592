/** Ask somebody who has signed in whether what was done here before is theirs. */

import { useState } from "preact/hooks";
import type { GuestThings } from "../../api/mine";
import { leaveGuest, offered, takeGuest } from "../../state/guest";
import { Dialog } from "../dialog/Dialog";

const NAMES: readonly [keyof GuestThings, string, string][] = [
  ["chats", "chat", "chats"],
  ["sessions", "chat of another page", "chats of another page"],
  ["collections", "collection", "collections"],
  ["documents", "document", "documents"],
  ["keys", "API key", "API keys"],
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
    <Dialog title="Take along what was done here before?" close={leaveGuest}>
      <p>Somebody used this browser without signing in. If it was you, make it yours:</p>
      <ul class="account-things">
        {NAMES.filter(([name]) => things[name] > 0).map(([name, one, many]) => (
          <li key={name}>
            {things[name]} {things[name] === 1 ? one : many}
          </li>
        ))}
      </ul>
      <p>It moves to your account, and this browser can’t open it without signing in any more.</p>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={leaveGuest}>
          It isn’t mine
        </button>
        <button type="button" class="button is-primary" disabled={isBusy} onClick={take}>
          Take it along
        </button>
      </div>
    </Dialog>
  );
}
