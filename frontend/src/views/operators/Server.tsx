/** Show how the server does now: figures, models, deployments, and what went wrong last. */

import * as operators from "../../api/operators";
import { useLive } from "./live";
import { Figures, number, seconds, Table, when } from "./parts";

const LIVE_SECONDS = 5;
const STATES = { well: "well", busy: "left alone for now", ill: "fails" } as const;

export function Server() {
  const { value } = useLive(operators.server, LIVE_SECONDS);
  if (value === null) return <p aria-busy="true">Loading …</p>;
  const { documents } = value;
  return (
    <>
      <p class="operators-soft">
        Version {value.version}, process {value.process}. This is what this one worker process sees of itself; where
        there are several, each has figures of its own.
      </p>
      <Figures
        of={[
          ["Open answers", number(value.open_answers)],
          ["Waiting in line", number(value.waiting_answers)],
          ["Readers", number(value.readers)],
          ...(value.connections === null ? [] : [["Connections", number(value.connections)] as const]),
          ["Memory", `${number(Math.round(value.memory_bytes / 2 ** 20))} MiB`],
          ["Processor time", `${number(Math.round(value.processor_seconds))} s`],
          ["Event loop late, 99\u00a0%", `≤ ${seconds(value.lag_99_seconds)}`],
          ["Event loop late, at most", seconds(value.lag_longest_seconds)],
          ["Documents ready", number(documents.ready)],
          ["Documents under way", number(documents.waiting + documents.reading + documents.embedding)],
          ["Documents failed", number(documents.failed)],
        ]}
      />
      <h3>Models</h3>
      {value.models.length === 0 && <p>There is no model.</p>}
      {value.models.length > 0 && (
        <Table label="Models" heads={["Model", "Runs at", "Answers", "Tokens in", "Tokens out"]} numbers={[2, 3, 4]}>
          {value.models.map((one) => (
            <tr key={one.name}>
              <th scope="row">
                {one.name}
                {one.is_default && <span class="operators-soft"> (by default)</span>}
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
          <h3>Deployments</h3>
          <Table
            label="Deployments"
            heads={["Deployment", "State", "Under way", "Asked", "Failed"]}
            numbers={[2, 3, 4]}
          >
            {value.deployments.map((one) => (
              <tr key={one.name}>
                <th scope="row">{one.name}</th>
                <td class={one.state === "ill" ? "is-bad" : ""}>
                  {STATES[one.state]}
                  {one.opens_in_seconds > 0 && `, asked again in ${seconds(one.opens_in_seconds)}`}
                </td>
                <td class="is-number">{number(one.under_way)}</td>
                <td class="is-number">{number(one.attempts)}</td>
                <td class="is-number">{number(one.failures)}</td>
              </tr>
            ))}
          </Table>
        </>
      )}
      <h3>The last errors that people were told of</h3>
      {value.errors.length === 0 && <p>None.</p>}
      {value.errors.length > 0 && (
        <Table label="Errors" heads={["Reference", "When", "Code", "What happened", "Trace"]}>
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
      <h3>When the event loop was held up</h3>
      {value.incidents.length === 0 && <p>Never for long.</p>}
      {value.incidents.map((one) => (
        <details key={one.at} class="operators-incident">
          <summary>
            {when(one.at)}: for {seconds(one.seconds)}
          </summary>
          <pre>{one.stack.join("\n") || "Nobody could look: the whole process stood still."}</pre>
        </details>
      ))}
    </>
  );
}
