/** Show two answers to a question beside each other, or one below the other where there is little room; one is kept. */

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { Message } from "../../api/resources";
import { t } from "../../language/t";
import { answerOf, stop } from "../../state/answers";
import { type Coming, keep, sendAgain } from "../../state/beside";
import { Icon, StopIcon } from "../icons";
import { AnswerView } from "./AnswerView";
import "./comparison.css";

interface Properties {
  /** The answers that are there: both, or the first one alone. */
  answers: readonly Message[];
  /** The second one where it is still to come. */
  coming: Coming | null;
}

export function Comparison({ answers, coming }: Properties) {
  return (
    <section class="comparison" aria-label={t("Two answers, beside each other")}>
      {answers.map((message, place) => (
        <Side key={message.id} message={message} other={answers[1 - place]} />
      ))}
      {coming && <Awaited coming={coming} />}
    </section>
  );
}

function Column({ model, children }: { model: string; children: ComponentChildren }) {
  const title = useId();
  return (
    <div class="side" role="group" aria-labelledby={title}>
      <h2 class="side-model" id={title}>
        {model}
      </h2>
      {children}
    </div>
  );
}

function Side({ message, other }: { message: Message; other: Message | undefined }) {
  const answer = answerOf(message.id).value;
  const model = message.model || answer.model;
  return (
    <Column model={model}>
      <AnswerView message={message} siblings={[]} isLast {...(other ? { other } : {})} />
      <div class="side-choice">
        <button
          type="button"
          class="button"
          aria-label={t("Keep this one: {model}", { model })}
          onClick={() => keep(message)}
        >
          <Icon name="check" size={16} /> {t("Keep this one")}
        </button>
        {answer.state === "open" && (
          <button
            type="button"
            class="button"
            aria-label={t("Stop this one: {model}", { model })}
            onClick={() => stop(message.id)}
          >
            <StopIcon /> {t("Stop this one")}
          </button>
        )}
      </div>
    </Column>
  );
}

/** The second answer before the server has it, or where it was refused. */
function Awaited({ coming }: { coming: Coming }) {
  return (
    <Column model={coming.model}>
      {coming.problem === null ? (
        <p class="progress" role="status">
          {t("Sending …")}
        </p>
      ) : (
        <div class="failure" role="alert">
          <Icon name="warn" />
          <p class="failure-text">{t("Not sent. {problem}", { problem: coming.problem })}</p>
          <button type="button" class="button" onClick={() => sendAgain(coming)}>
            {t("Try again")}
          </button>
        </div>
      )}
    </Column>
  );
}
