/** Show how the server does now: figures, models, deployments, and what went wrong last. */

import * as operators from "../../api/operators";
import { t } from "../../language/t";
import { Pending, useLive } from "../live";
import { reach } from "../reach";
import { Figures, number, seconds, Table, when } from "./parts";

const LIVE_SECONDS = 5;
const STATES = { well: t("well"), busy: t("left alone for now"), ill: t("fails") } as const;

export function Server() {
  const { value, problem, reload } = useLive(operators.server, LIVE_SECONDS);
  if (value === null) return <Pending problem={problem} reload={reload} />;
  const { documents } = value;
  return (
    <>
      <p class="operators-soft">
        {t(
          "Version {version}, process {process}. This is what this one worker process sees of itself; where there are several, each has figures of its own.",
          { version: value.version, process: String(value.process) },
        )}
      </p>
      <Figures
        of={[
          [t("Open answers"), number(value.open_answers)],
          [t("Waiting in line"), number(value.waiting_answers)],
          [t("Readers"), number(value.readers)],
          ...(value.connections === null ? [] : [[t("Connections"), number(value.connections)] as const]),
          [t("Memory"), `${number(Math.round(value.memory_bytes / 2 ** 20))} MiB`],
          [t("Processor time"), `${number(Math.round(value.processor_seconds))} s`],
          [t("Event loop late, 99\u00a0%"), `≤ ${seconds(value.lag_99_seconds)}`],
          [t("Event loop late, at most"), seconds(value.lag_longest_seconds)],
          [t("Documents ready"), number(documents.ready)],
          [t("Documents under way"), number(documents.waiting + documents.reading + documents.embedding)],
          [t("Documents failed"), number(documents.failed)],
        ]}
      />
      <h3>{t("Models")}</h3>
      {value.models.length === 0 && <p>{t("There is no model.")}</p>}
      {value.models.length > 0 && (
        <Table
          label={t("Models")}
          heads={[t("Model"), t("Runs at"), t("Answers"), t("Tokens in"), t("Tokens out")]}
          numbers={[2, 3, 4]}
        >
          {value.models.map((one) => (
            <tr key={one.name}>
              <th scope="row">
                {one.name}
                {one.is_default && <span class="operators-soft"> {t("(by default)")}</span>}
              </th>
              <td title={one.reason}>{one.provider}</td>
              <td class="is-number">{number(one.answers)}</td>
              <td class="is-number">{number(one.input_tokens)}</td>
              <td class="is-number">{number(one.output_tokens)}</td>
            </tr>
          ))}
        </Table>
      )}
      {value.deployments.length > 0 && (
        <>
          <h3>{t("Deployments")}</h3>
          <Table
            label={t("Deployments")}
            heads={[t("Deployment"), t("State"), t("Under way"), t("Asked"), t("Failed")]}
            numbers={[2, 3, 4]}
          >
            {value.deployments.map((one) => (
              <tr key={one.name}>
                <th scope="row">{one.name}</th>
                <td class={one.state === "ill" ? "is-bad" : ""}>
                  {STATES[one.state]}
                  {one.opens_in_seconds > 0 && t(", asked again in {time}", { time: seconds(one.opens_in_seconds) })}
                </td>
                <td class="is-number">{number(one.under_way)}</td>
                <td class="is-number">{number(one.attempts)}</td>
                <td class="is-number">{number(one.failures)}</td>
              </tr>
            ))}
          </Table>
        </>
      )}
      <h3>{t("The last errors that people were told of")}</h3>
      {value.errors.length === 0 && <p>{t("None.")}</p>}
      {value.errors.length > 0 && (
        <Table label={t("Errors")} heads={[t("Reference"), t("When"), t("Code"), t("What happened"), t("Trace")]}>
          {value.errors.map((one) => (
            <tr key={one.reference}>
              <th scope="row">{one.reference}</th>
              <td>{when(one.at)}</td>
              <td>{one.code}</td>
              <td class="is-text">{one.detail}</td>
              <td>{one.trace_id}</td>
            </tr>
          ))}
        </Table>
      )}
      <h3>{t("When the event loop was held up")}</h3>
      {value.incidents.length === 0 && <p>{t("Never for long.")}</p>}
      {value.incidents.map((one) => (
        <details key={one.at} class="operators-incident">
          <summary>{t("{moment}: for {time}", { moment: when(one.at), time: seconds(one.seconds) })}</summary>
          <pre ref={(element) => reach(element, t("When the event loop was held up"))}>
            {one.stack.join("\n") || t("Nobody could look: the whole process stood still.")}
          </pre>
        </details>
      ))}
    </>
  );
}
