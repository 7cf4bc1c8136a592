/** Show the way to one's account, to the people and to the operators' pages, or to signing in; or that nobody has to. */

import { t } from "../../language/t";
import { accountPath, navigate, operatePath, peoplePath, route } from "../../state/route";
import { me, needsSignIn } from "../../state/session";
import { Icon, type IconName } from "../icons";

export function WhoIsHere({ leave }: { leave: () => void }) {
  if (me.value === null) return null;
  const { person, can_sign_in, is_open_to_everybody, may_operate } = me.value;
  const open = (path: string) => () => {
    navigate(path);
    leave();
  };
  const signIn = () => {
    needsSignIn.value = true;
  };
  const here = route.value.page;
  return (
    <>
      {person.is_signed_in && (
        <Way
          icon="person"
          label={t("Your account")}
          isHere={here === "account" || here === "keys"}
          go={open(accountPath)}
        />
      )}
      {person.is_signed_in && person.is_operator && (
        <Way icon="people" label={t("People")} isHere={here === "people"} go={open(peoplePath)} />
      )}
      {may_operate && (
        <Way icon="gauge" label={t("Operators")} isHere={here === "operate"} go={open(operatePath(""))} />
      )}
      {can_sign_in && !person.is_signed_in && <Way icon="person" label={t("Sign in")} isHere={false} go={signIn} />}
      {is_open_to_everybody && <p class="sidebar-about">{t("Open to everybody who reaches this server")}</p>}
    </>
  );
}

function Way({ icon, label, isHere, go }: { icon: IconName; label: string; isHere: boolean; go: () => void }) {
  return (
    <button type="button" class="sidebar-link" aria-current={isHere ? "page" : undefined} onClick={go}>
      <Icon name={icon} /> {label}
    </button>
  );
}
