/** Say why a page is not shown to who opened its address, and what they can do. */

import { t } from "../../language/t";
import type { Reserved } from "../../state/reserved";
import { homePath, navigate } from "../../state/route";
import { me, needsSignIn } from "../../state/session";
import "./account.css";

export function Closed({ page }: { page: Reserved }) {
  const { person, can_sign_in: canSignIn } = me.value ?? { person: null, can_sign_in: false };
  const isSignedIn = person?.is_signed_in ?? false;
  return (
    <div class="account">
      <section class="account-part">
        <h2>{titleOf(page, canSignIn, isSignedIn)}</h2>
        <p>{textOf(page, canSignIn, isSignedIn)}</p>
        <div class="account-ways">
          {canSignIn && !isSignedIn && (
            <button
              type="button"
              class="button is-primary"
              onClick={() => {
                needsSignIn.value = true;
              }}
            >
              {t("Sign in")}
            </button>
          )}
          <button type="button" class="button" onClick={() => navigate(homePath)}>
            {t("Go to your chats")}
          </button>
        </div>
      </section>
    </div>
  );
}

function titleOf(page: Reserved, canSignIn: boolean, isSignedIn: boolean): string {
  if (isSignedIn && canSignIn) return t("This page is for operators");
  return canSignIn
    ? t("Sign in to open this page")
    : page === "operate"
      ? t("This page is for operators")
      : t("There are no accounts here");
}

function textOf(page: Reserved, canSignIn: boolean, isSignedIn: boolean): string {
  if (page === "operate" || (page === "people" && canSignIn))
    return isSignedIn
      ? t("You are signed in, but not as an operator. Ask whoever runs the server.")
      : t("Only operators see it. Whoever runs the server can open it on the machine itself.");
  if (canSignIn) return t("It shows what belongs to you, which is known once you have signed in.");
  return t(
    "Nobody signs in on this server, so there is nothing to manage. Whoever runs it can set up accounts, and make API keys with “hubbub keys”.",
  );
}
