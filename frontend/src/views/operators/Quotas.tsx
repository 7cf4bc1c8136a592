/** Show the quotas that hold and where each comes from; operators set, change and remove them. */

import { useEffect, useState } from "preact/hooks";
import * as api from "../../api/quotas";
import { inWords } from "../../language/bounds";
import { t } from "../../language/t";
import { models } from "../../state/models";
import { tell } from "../../state/notices";
import { me } from "../../state/session";
import { Pending, useLive } from "../live";
import { useKnown } from "./PersonField";
import { Table } from "./parts";
import { QuotaForm } from "./QuotaForm";
import { sourceOf, whose } from "./quota-names";

const never = new AbortController().signal;

export function Quotas() {
  const { value, problem, reload } = useLive(api.quotas, 0);
  const known = useKnown();
  const [changing, setChanging] = useState<api.Quota | "new" | null>(null);
  const mayChange = me.value?.person.is_operator ?? false;
  if (value === null) return <Pending problem={problem} reload={reload} />;
  return (
    <>
      {value.quotas.length === 0 && <p>{t("None are set: everybody may use as much as they ask for.")}</p>}
      {value.quotas.length > 0 && (
        <Table label={t("Quotas")} heads={[t("For"), t("At most"), ...(mayChange ? [""] : [])]}>
          {value.quotas.map((quota) => (
            <tr key={`${quota.scope} ${quota.subject}`}>
              <th scope="row" class="operators-whose" title={quota.subject}>
                {whose(quota, known)}
                <div class="operators-soft">{sourceOf(quota)}</div>
              </th>
              <td class="operators-whose">
                {quota.words.length === 0 && t("as much as is asked for")}
                {quota.words.map((words) => (
                  <div key={words}>{inWords(words)}</div>
                ))}
              </td>
              {mayChange && (
                <td>
                  <span class="operators-actions">
                    <Act label={t("Change")} of={whose(quota, known)} act={() => setChanging(quota)} />
                    {quota.source === "set" && (
                      <Act
                        label={t("Remove")}
                        of={whose(quota, known)}
                        act={() => api.removeQuota(never, quota.scope, quota.subject).then(reload, tell)}
                      />
                    )}
                  </span>
                </td>
              )}
            </tr>
          ))}
        </Table>
      )}
      {mayChange && (
        <button type="button" class="button is-primary" onClick={() => setChanging("new")}>
          {t("Set a quota")}
        </button>
      )}
      {mayChange ? (
        <WhenOver over={value.over} changed={reload} />
      ) : (
        value.over?.model && <p>{t("Where one is reached, {model} answers.", { model: value.over.model })}</p>
      )}
      {changing && (
        <QuotaForm
          quota={changing === "new" ? null : changing}
          known={known}
          changed={reload}
          close={() => setChanging(null)}
        />
      )}
    </>
  );
}

function Act({ label, of, act }: { label: string; of: string; act: () => void }) {
  return (
    <button type="button" class="button" aria-label={t("{what}: {name}", { what: label, name: of })} onClick={act}>
      {label}
    </button>
  );
}

function WhenOver({ over, changed }: { over: api.Over | null; changed: () => void }) {
  const [model, setModel] = useState("");
  const now = over?.model ?? "";
  useEffect(() => setModel(now), [now]);
  const names = [...new Set([...(models.value ?? []).map(({ name }) => name), now])].filter(Boolean);
  return (
    <form
      class="operators-filter"
      onSubmit={(event) => {
        event.preventDefault();
        api.setOver(never, model).then(changed, tell);
      }}
    >
      <label>
        {t("Where one is reached")}
        <select class="field" value={model} onChange={(event) => setModel(event.currentTarget.value)}>
          <option value="">{t("nothing answers")}</option>
          {names.map((name) => (
            <option key={name} value={name}>
              {t("{model} answers", { model: name })}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" class="button" disabled={model === now}>
        {t("Save")}
      </button>
      {over?.source === "set" && (
        <button type="button" class="button" onClick={() => api.removeQuota(never, "over", "").then(changed, tell)}>
          {t("As in the settings")}
        </button>
      )}
      {over !== null && <span class="operators-soft">{sourceOf(over)}</span>}
    </form>
  );
}
