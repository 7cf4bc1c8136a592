/** Export, hand over and erase people's things, and place legal holds. */

import { useState } from "preact/hooks";
import * as operators from "../../api/operators";
import { t } from "../../language/t";
import { tell } from "../../state/notices";
import { me } from "../../state/session";
import { Confirm } from "../dialog/Dialog";
import { useLive } from "../live";
import { HandOver } from "./HandOver";
import { idOf, PersonField, useKnown } from "./PersonField";
import { Table, when } from "./parts";

const LIVE_SECONDS = 3;
const never = new AbortController().signal;
const STATES = { waiting: t("under way"), done: t("done"), failed: t("failed") } as const;
const KINDS: Readonly<Record<string, string>> = { export: t("Export"), handover: t("Handover"), erasure: t("Erasure") };

/** What a job has come to, in words. */
export const reportOf = (job: operators.Job) =>
  Object.entries(job.report)
    .filter(([name, value]) => value !== 0 && name !== "stays")
    .map(([name, value]) => (name === "reason" ? String(value) : `${value.toLocaleString()} ${name}`))
    .join(", ");

export function PersonalData() {
  const holds = useLive(operators.holds, 0);
  const jobs = useLive(operators.jobs, LIVE_SECONDS);
  const readings = useLive(operators.readings, LIVE_SECONDS);
  const [reason, setReason] = useState("");
  const [said, setSaid] = useState("");
  const [releasing, setReleasing] = useState<operators.Hold | null>(null);
  const known = useKnown();
  const id = idOf(said, known);
  const [leaving, setLeaving] = useState<{ person: string; erases: boolean } | null>(null);
  if (!me.value?.person.is_operator) return <p>{t("Only operators who have signed in can do this.")}</p>;
  const ask = (work: Promise<unknown>) => {
    work.then(() => {
      jobs.reload();
      holds.reload();
      readings.reload();
    }, tell);
  };
  return (
    <>
      <form
        class="operators-filter"
        onSubmit={(event) => {
          event.preventDefault();
          ask(operators.placeHold(never, id, reason));
        }}
      >
        <PersonField label={t("E-mail or id of a person")} value={said} known={known} isNeeded changed={setSaid} />
        <button type="button" class="button" disabled={!id} onClick={() => ask(operators.exportPerson(never, id))}>
          {t("Export")}
        </button>
        <button type="button" class="button" disabled={!id} onClick={() => setLeaving({ person: id, erases: false })}>
          {t("Hand over")}
        </button>
        <button
          type="button"
          class="button is-danger"
          disabled={!id}
          onClick={() => setLeaving({ person: id, erases: true })}
        >
          {t("Erase")}
        </button>
        <label>
          {t("Reason for a hold or for reading")}
          <input
            class="field"
            value={reason}
            required
            autocomplete="off"
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button" disabled={!id}>
          {t("Place a legal hold")}
        </button>
        <button
          type="button"
          class="button"
          disabled={!id || !reason.trim()}
          onClick={() => ask(operators.beginReading(never, id, reason))}
        >
          {t("Read their things")}
        </button>
      </form>
      <p class="operators-soft">
        {t("To read somebody’s chats and documents you say why. It is recorded, and ends after half an hour.")}
      </p>
      {readings.value !== null && readings.value.length > 0 && (
        <>
          <h3>{t("What you read now")}</h3>
          <Table label={t("What you read now")} heads={[t("Person"), t("Why"), t("Until"), ""]}>
            {readings.value.map((one) => (
              <tr key={one.person_id}>
                <th scope="row" title={one.person_id}>
                  {one.person || one.person_id}
                </th>
                <td class="is-text">{one.reason}</td>
                <td>{when(one.until)}</td>
                <td>
                  <button
                    type="button"
                    class="button"
                    aria-label={t("Stop reading the things of {person}", { person: one.person || one.person_id })}
                    onClick={() => ask(operators.endReading(never, one.person_id))}
                  >
                    {t("End")}
                  </button>
                </td>
              </tr>
            ))}
          </Table>
        </>
      )}
      <h3>{t("Legal holds")}</h3>
      {holds.value?.length === 0 && <p>{t("There are none.")}</p>}
      {holds.value !== null && holds.value.length > 0 && (
        <Table label={t("Legal holds")} heads={[t("Person"), t("Why"), t("Since"), ""]}>
          {holds.value.map((one) => (
            <tr key={one.person_id}>
              <th scope="row" title={one.person_id}>
                {one.person || one.person_id}
              </th>
              <td class="is-text">{one.reason}</td>
              <td>{when(one.placed_at)}</td>
              <td>
                <button
                  type="button"
                  class="button"
                  aria-label={t("End the hold on {person}", { person: one.person || one.person_id })}
                  onClick={() => setReleasing(one)}
                >
                  {t("End")}
                </button>
              </td>
            </tr>
          ))}
        </Table>
      )}
      <h3>{t("Exports, handovers and erasures")}</h3>
      {jobs.value?.jobs.length === 0 && <p>{t("There are none.")}</p>}
      {jobs.value !== null && jobs.value.jobs.length > 0 && (
        <Table
          label={t("Exports, handovers and erasures")}
          heads={[t("What"), t("Person"), t("Asked for"), t("State"), t("What it came to"), ""]}
        >
          {jobs.value.jobs.map((job) => (
            <tr key={job.id}>
              <th scope="row">{KINDS[job.kind] ?? job.kind}</th>
              <td title={job.person_id}>{jobs.value?.names[job.person_id] ?? job.person_id}</td>
              <td>{when(job.asked_at)}</td>
              <td class={job.state === "failed" ? "is-bad" : ""}>{STATES[job.state]}</td>
              <td class="is-text" title={String(job.report.stays ?? "")}>
                {reportOf(job)}
              </td>
              <td>
                {job.kind === "export" && job.state === "done" && (
                  <a class="button" href={operators.exportAddress(job.id)} download>
                    {t("Save")}
                  </a>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {releasing && (
        <Confirm
          title={t("End this legal hold?")}
          text={t(
            "What of {person} is older than the days that are kept is deleted soon after. That can’t be undone.",
            {
              person: releasing.person || releasing.person_id,
            },
          )}
          action={t("End the hold")}
          confirm={() => ask(operators.endHold(never, releasing.person_id))}
          close={() => setReleasing(null)}
        />
      )}
      {leaving && (
        <HandOver
          person={leaving.person}
          known={known}
          erases={leaving.erases}
          confirm={(taker) =>
            ask((leaving.erases ? operators.erasePerson : operators.handOver)(never, leaving.person, taker))
          }
          close={() => setLeaving(null)}
        />
      )}
    </>
  );
}
