/** Show who is signed in where, and end it. */

import * as operators from "../../api/operators";
import { t } from "../../language/t";
import { tell } from "../../state/notices";
import { me } from "../../state/session";
import { Pending, usePages } from "../live";
import { More, Table, when } from "./parts";

const never = new AbortController().signal;

const load = async (signal: AbortSignal, after: string) => {
  const page = await operators.signIns(signal, after);
  return { items: page.sign_ins, next: page.next };
};

export function SignIns() {
  const { items, problem, more, reload } = usePages(load, "");
  if (items === null) return <Pending problem={problem} reload={reload} />;
  if (items.length === 0) return <p>{t("Nobody is signed in.")}</p>;
  return (
    <>
      <Table
        label={t("Sign-ins")}
        heads={[t("Person"), t("By what"), t("From where"), t("Browser"), t("Since"), t("Last used"), ""]}
      >
        {items.map((one) => (
          <tr key={one.id}>
            <th scope="row" title={one.person_id}>
              {one.person || one.person_id}
            </th>
            <td>{one.provider}</td>
            <td>{one.address}</td>
            <td class="is-text">{one.agent}</td>
            <td>{when(one.created_at)}</td>
            <td>{when(one.last_used)}</td>
            <td>
              {me.value?.person.is_operator && (
                <button
                  type="button"
                  class="button"
                  aria-label={t("End the sign-in of {person} from {address}", {
                    person: one.person || one.person_id,
                    address: one.address,
                  })}
                  onClick={() => operators.endSignIn(never, one.id).then(reload, tell)}
                >
                  {t("End")}
                </button>
              )}
            </td>
          </tr>
        ))}
      </Table>
      <More more={more} />
    </>
  );
}
