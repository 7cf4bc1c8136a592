/** Show who did what, the newest first, by a filter; new lines come by themselves. */

import { useEffect, useState } from "preact/hooks";
import * as operators from "../../api/operators";
import { isAbort, tell } from "../../state/notices";
import { PersonField } from "./PersonField";
import { More, number, Table, when } from "./parts";

const LIVE_SECONDS = 3;
const OUTCOMES = ["done", "refused", "failed", "unknown"] as const;
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
  const [about, setAbout] = useState("");
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
              ? `The audit does not hold. ${found.fault}`
              : `All ${number(found.entries)} entries hold. Keep ${found.last} elsewhere.`,
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
          setFilter({ about, ...Object.fromEntries([...values].map(([key, value]) => [key, String(value).trim()])) });
        }}
      >
        <PersonField
          label="About the person"
          value={said}
          changed={(text, found) => {
            setSaid(text);
            setAbout(found);
          }}
        />
        <label>
          What was done
          <input class="field" name="deed" autocomplete="off" placeholder="sign-in" />
        </label>
        <label>
          Outcome
          <select class="field" name="outcome">
            <option value="">any</option>
            {OUTCOMES.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <button type="submit" class="button is-primary">
          Show
        </button>
        <button type="button" class="button" onClick={verify}>
          Verify
        </button>
        <a class="button" href={operators.auditAddress()} download="audit.jsonl">
          Save all
        </a>
      </form>
      <p role="status" class="operators-verdict">
        {verdict}
      </p>
      {shown !== null && shown.lines.length === 0 && <p>There are no such lines.</p>}
      {shown !== null && shown.lines.length > 0 && (
        <Table label="Audit" heads={["When", "Who", "Did", "To", "From", "Outcome", "More"]}>
          {shown.lines.map((line) => (
            <tr key={line.number}>
              <td title={`Entry ${line.number}`}>{when(line.at)}</td>
              <td title={line.who}>{name(line.who) || "nobody known"}</td>
              <th scope="row">{line.deed}</th>
              <td title={line.what}>{name(line.what)}</td>
              <td>{line.where}</td>
              <td class={line.outcome === "done" ? "" : "is-bad"}>{line.outcome}</td>
              <td class="is-text">{line.detail}</td>
            </tr>
          ))}
        </Table>
      )}
      <More more={shown?.next ? more : null} />
    </>
  );
}
