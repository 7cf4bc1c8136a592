/** Show what people use, as charts by day, model, person, group and key, and the quotas that are set. */

import { useState } from "preact/hooks";
import * as operators from "../../api/operators";
import { t } from "../../language/t";
import { Pending, useLive } from "../live";
import { Bars, number, Share, Table } from "./parts";
import { Quotas } from "./Quotas";

const LIVE_SECONDS = 60;
const BY = { model: t("Model"), person: t("Person"), group: t("Group"), key: t("Key"), day: t("Day") } as const;
const SORTED = {
  model: t("By model"),
  person: t("By person"),
  group: t("By group"),
  key: t("By key"),
  day: t("By day"),
} as const;
const day = (at: Date) =>
  `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;
const tokens = (line: operators.UsageLine) => line.input_tokens + line.output_tokens;

/** Every day from the first to the last, also those on which nothing was used. */
export function daysBetween(from: string, to: string, lines: readonly operators.UsageLine[]): [string, number][] {
  const used = new Map(lines.map((line) => [line.name, tokens(line)]));
  const found: [string, number][] = [];
  for (let at = new Date(`${from}T12:00:00`); day(at) <= to && found.length < 400; at.setDate(at.getDate() + 1))
    found.push([day(at), used.get(day(at)) ?? 0]);
  return found;
}

export function Usage() {
  const [from, setFrom] = useState(() => day(new Date(Date.now() - 29 * 86_400_000)));
  const [to, setTo] = useState(() => day(new Date()));
  const [by, setBy] = useState<operators.By>("model");
  const isPeriod = from !== "" && to !== "" && from <= to;
  const load = async (signal: AbortSignal) =>
    isPeriod
      ? {
          days: await operators.usage(signal, "day", from, to),
          lines: await operators.usage(signal, by, from, to),
        }
      : null;
  const { value, problem, reload } = useLive(load, LIVE_SECONDS, `${from} ${to} ${by}`);
  const days = value === null || !isPeriod ? [] : daysBetween(from, to, value.days.lines);
  const lines = value?.lines.lines ?? [];
  const most = Math.max(1, ...lines.map(tokens));
  const all = days.reduce((sum, [, amount]) => sum + amount, 0);
  return (
    <>
      <form class="operators-filter" onSubmit={(event) => event.preventDefault()}>
        <label>
          {t("From")}
          <input
            class="field"
            type="date"
            value={from}
            max={to}
            onChange={(event) => setFrom(event.currentTarget.value)}
          />
        </label>
        <label>
          {t("To")}
          <input
            class="field"
            type="date"
            value={to}
            min={from}
            onChange={(event) => setTo(event.currentTarget.value)}
          />
        </label>
        <label>
          {t("Show")}
          <select class="field" value={by} onChange={(event) => setBy(event.currentTarget.value as operators.By)}>
            {Object.entries(SORTED).map(([name, label]) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <a class="button" href={operators.usageAddress(by, from, to)} download>
          {t("Save as CSV")}
        </a>
      </form>
      {value === null && isPeriod && <Pending problem={problem} reload={reload} />}
      {value !== null && (
        <Bars of={days} words={t("{tokens} tokens from {from} to {to}, day by day.", { tokens: all, from, to })} />
      )}
      {value !== null && lines.length === 0 && <p>{t("Nothing was used on these days.")}</p>}
      {lines.length > 0 && (
        <Table
          label={SORTED[by]}
          heads={[
            BY[by],
            t("Tokens"),
            t("Part"),
            t("Questions"),
            t("In"),
            t("Cached"),
            t("Out"),
            t("Thoughts"),
            t("Money"),
          ]}
          numbers={[1, 3, 4, 5, 6, 7, 8]}
        >
          {lines.map((line) => (
            <tr key={line.name}>
              <th scope="row" title={line.name}>
                {line.label || line.name || t("none")}
              </th>
              <td class="is-number">{number(tokens(line))}</td>
              <td>
                <Share amount={tokens(line)} most={most} />
              </td>
              <td class="is-number">{number(line.questions)}</td>
              <td class="is-number">{number(line.input_tokens)}</td>
              <td class="is-number">{number(line.cached_tokens)}</td>
              <td class="is-number">{number(line.output_tokens)}</td>
              <td class="is-number">{number(line.reasoning_tokens)}</td>
              <td class="is-number">{`${line.money} ${value?.lines.currency ?? ""}`.trim()}</td>
            </tr>
          ))}
        </Table>
      )}
      <h3>{t("Quotas")}</h3>
      <Quotas />
    </>
  );
}
