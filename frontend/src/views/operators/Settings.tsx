/** Show the settings in force, and where each comes from; secrets are not sent here. */

import { useState } from "preact/hooks";
import * as operators from "../../api/operators";
import { t } from "../../language/t";
import { Pending, useLive } from "../live";
import { Table } from "./parts";

export function Settings() {
  const { value, problem, reload } = useLive(operators.settings, 0);
  const [words, setWords] = useState("");
  const [onlySet, setOnlySet] = useState(false);
  if (value === null) return <Pending problem={problem} reload={reload} />;
  const found = value.filter(
    (one) => (!onlySet || one.source !== "default") && one.name.toLowerCase().includes(words.trim().toLowerCase()),
  );
  return (
    <>
      <form class="operators-filter" onSubmit={(event) => event.preventDefault()}>
        <label>
          {t("Name")}
          <input class="field" type="search" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
        </label>
        <label class="operators-check">
          <input type="checkbox" checked={onlySet} onChange={(event) => setOnlySet(event.currentTarget.checked)} />
          {t("Only those that are set")}
        </label>
      </form>
      {found.length === 0 && <p>{t("There are no such settings.")}</p>}
      {found.length > 0 && (
        <Table label={t("Settings")} heads={[t("Setting"), t("Value"), t("Comes from")]}>
          {found.map((one) => (
            <tr key={one.name}>
              <th scope="row">
                <code>{one.name}</code>
              </th>
              <td class="is-text">
                {one.value ? <bdi>{one.value}</bdi> : <span class="operators-soft">{t("empty")}</span>}
              </td>
              <td>
                <bdi>{one.source}</bdi>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </>
  );
}
