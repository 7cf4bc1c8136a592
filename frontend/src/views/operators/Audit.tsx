/** Show who did what, the newest first, by a filter; new lines come by themselves. */

import { useEffect, useState } from "preact/hooks";
import * as operators from "../../api/operators";
import { t } from "../../language/t";
import { isAbort, tell } from "../../state/notices";
import { idOf, PersonField, useKnown } from "./PersonField";
import { More, Table, when } from "./parts";

const LIVE_SECONDS = 3;
const OUTCOMES: Readonly<Record<string, string>> = {
  done: t("done"),
  refused: t("refused"),
  failed: t("failed"),
  unknown: t("not known"),
};
const never = new AbortController().signal;

interface Shown {
  lines: readonly operators.AuditLine[];
  names: Readonly<Record<string, string>>;
  next: number | null;
}

/** Put newly loaded lines before those that are shown, each once. */
export function withNewer(shown: Shown, page: operators.AuditPage): Shown {
  const newest = shown.lines[0]?.number ?? 0;
  const fresh = page.lines.filter((line) => line.number > newest);
  const names = { ...shown.names, ...page.names };
  // A whole page of new ones: what came between it and the rest is not known, so the rest is asked for again.
  if (fresh.length === page.lines.length && page.next !== null && newest > 0) return { ...page, names };
  return { lines: [...fresh, ...shown.lines], names, next: shown.next };
}

export function Audit() {
  const [filter, setFilter] = useState<Record<string, string>>({});
  const [shown, setShown] = useState<Shown | null>(null);
  const [verdict, setVerdict] = useState("");
  const [said, setSaid] = useState("");
  const known = useKnown();
  useEffect(() => {
    const stop = new AbortController();
    const look = () => {
      if (document.hidden) return;
      operators.audit(stop.signal, filter, 0).then(
        (page) => setShown((before) => (before === null ? page : withNewer(before, page))),
        (error: unknown) => isAbort(error) || tell(error),
      );
    };
    setShown(null);
    look();
    const timer = setInterval(look, LIVE_SECONDS * 1000);
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, [filter]);
  const more = () =>
    shown?.next &&
    operators.audit(never, filter, shown.next).then(
      (page) =>
        setShown({
          lines: [...shown.lines, ...page.lines],
          names: { ...shown.names, ...page.names },
          next: page.next,
        }),
      tell,
    );
  const verify = () =>
    operators
      .verifyAudit(never)
      .then(
        (found) =>
          setVerdict(
            found.fault
              ? t("The audit does not hold. {fault}", { fault: found.fault })
              : t("All {entries} entries hold. Keep {last} elsewhere.", { entries: found.entries, last: found.last }),
          ),
        tell,
      );
  const name = (id: string) => shown?.names[id] ?? id;
  return (
    <>
      <form
        class="operators-filter"
        onSubmit={(event) => {
          event.preventDefault();
          const values = new FormData(event.currentTarget);
          setFilter({
            about: idOf(said, known),
            ...Object.fromEntries([...values].map(([key, value]) => [key, String(value).trim()])),
          });
        }}
      >
        <PersonField label={t("About the person")} value={said} known={known} changed={setSaid} />
        <label>
          {t("What was done")}
          <input class="field" name="deed" autocomplete="off" placeholder="sign-in" />
        </label>
        <label>
          {t("Outcome")}
          <select class="field" name="outcome">
            <option value="">{t("any")}</option>
            {Object.entries(OUTCOMES).map(([one, label]) => (
              <option key={one} value={one}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" class="button is-primary" disabled={said.trim() !== "" && idOf(said, known) === ""}>
          {t("Show")}
        </button>
        <button type="button" class="button" onClick={verify}>
          {t("Verify")}
        </button>
        <a class="button" href={operators.auditAddress()} download="audit.jsonl">
          {t("Save all")}
        </a>
      </form>
      <p role="status" class="operators-verdict">
        {verdict}
      </p>
      {shown !== null && shown.lines.length === 0 && <p>{t("There are no such lines.")}</p>}
      {shown !== null && shown.lines.length > 0 && (
        <Table
          label={t("Audit")}
          heads={[t("When"), t("Who"), t("Deed"), t("To what"), t("From where"), t("Outcome"), t("More")]}
        >
          {shown.lines.map((line) => (
            <tr key={line.number}>
              <td title={t("Entry {number}", { number: line.number })}>{when(line.at)}</td>
              <td title={line.who}>{name(line.who) || t("nobody known")}</td>
              <th scope="row">{line.deed}</th>
              <td title={line.what}>{name(line.what)}</td>
              <td>{line.where}</td>
              <td class={line.outcome === "done" ? "" : "is-bad"}>{OUTCOMES[line.outcome] ?? line.outcome}</td>
              <td class="is-text">{line.detail}</td>
            </tr>
          ))}
        </Table>
      )}
      <More more={shown?.next ? more : null} />
    </>
  );
}
