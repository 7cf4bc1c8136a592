/** Show an answer, from its place in the queue to its sources. */

import { useState } from "preact/hooks";
import type { Message } from "../../api/resources";
import type { Answer, Citation } from "../../events";
import { plural, t } from "../../language/t";
import { continueAnswer, regenerate, regenerateBeside } from "../../state/again";
import { answerOf } from "../../state/answers";
import { announce } from "../../state/notices";
import { openSource, sourceOfCitation } from "../../state/sources";
import { ask, isTemporaryHere, openAnswerId } from "../../state/thread";
import { AskedAssistant } from "../assistants/AskedAssistant";
import { copyText } from "../copy";
import { Icon } from "../icons";
import { Markdown } from "../markdown/Markdown";
import { placeOf } from "../sources/place";
import { Ending } from "./Ending";
import { Found } from "./Found";
import { Rate } from "./Rate";
import { ReadAloud } from "./ReadAloud";
import { Steps } from "./Steps";
import { Switcher } from "./Switcher";
import { saidText } from "./saidText";
import { Thoughts } from "./Thoughts";
import { Time } from "./Time";
import { readingText, waitingText } from "./waiting";

interface Properties {
  message: Message;
  siblings: readonly Message[];
  isLast: boolean;
  /** The answer that it stands beside, until one of the two is kept. */
  other?: Message;
}

export function AnswerView({ message, siblings, isLast, other }: Properties) {
  const answer = answerOf(message.id).value;
  const isOpen = answer.state === "open";
  const text = saidText(answer);
  const again = () => {
    if (other) regenerateBeside(message, other.id);
    else if (message.parent_id !== null) regenerate(message.parent_id);
  };
  const more = () => continueAnswer(message, other?.id);
  const cite = (marker: number) => {
    const citation = answer.citations.find((one) => one.marker === marker);
    if (citation) openSource(sourceOfCitation(citation));
  };
  const references = answer.citations.map(({ marker, title, name }) => ({ marker, title: title || name }));
  return (
    <article id={`message-${message.id}`} tabIndex={-1} class="answer" aria-label={t("Answer")} aria-busy={isOpen}>
      <h2 class="visually-hidden">{t("Answer")}</h2>
      {answer.way === "quotes" && answer.text !== "" && (
        <p class="answer-way">
          {t("Quoted from your documents, not written by a model")}
          {answer.way_reason && `: ${answer.way_reason}`}
        </p>
      )}
      {message.asked_with?.imported_from && (
        <p class="answer-way">{t("Imported from {place}", { place: message.asked_with.imported_from })}</p>
      )}
      <AskedAssistant asked={message.asked_with?.assistant} />
      <Thoughts answer={answer} />
      {text !== "" && <Markdown text={text} references={references} isGrowing={isOpen} cite={cite} />}
      {isOpen && answer.text === "" && <Progress answer={answer} />}
      <Ending answer={answer} retry={isLast ? again : null} goOn={isLast ? more : null} />
      <CitedSources answer={answer} />
      {!(isOpen && answer.text === "" && answer.steps) && <Found answer={answer} />}
      {!isOpen && (
        <div class="message-actions">
          {!other && <Switcher message={message} siblings={siblings} />}
          {text !== "" && <Copy text={text} />}
          {answer.text !== "" && <ReadAloud messageId={message.id} />}
          {answer.text !== "" && !isTemporaryHere.value && <Rate message={message} />}
          <button
            type="button"
            class="icon-button"
            aria-label={t("Regenerate")}
            title={t("Regenerate")}
            disabled={!other && openAnswerId.value !== null}
            onClick={again}
          >
            <Icon name="again" size={18} />
          </button>
          <Time seconds={message.created_at} />
          {answer.model && (
            <span class="answer-model" title={usageOf(answer)}>
              {answer.model}
            </span>
          )}
        </div>
      )}
      {isLast && !other && !isOpen && answer.follow_ups.length > 0 && (
        <ul class="follow-ups" aria-label={t("Follow-up questions")}>
          {answer.follow_ups.map((question) => (
            <li key={question}>
              <button type="button" class="example" onClick={() => ask(question)}>
                {question}
              </button>
            </li>
          ))}
        </ul>
      )}
    </article>
  );
}

function Progress({ answer }: { answer: Answer }) {
  return (
    <>
      {answer.steps && <Steps steps={answer.steps} />}
      <p class="progress" role="status">
        <span class="dots" aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
        {progressText(answer)}
      </p>
    </>
  );
}

function progressText({ place, estimate_seconds, query, hits, model, still_reading: reading }: Answer): string {
  if (place !== null) return waitingText(place, estimate_seconds);
  if (reading) return readingText(reading);
  if (query !== null && hits.length > 0)
    return plural(hits.length, "Reading {count} passage", "Reading {count} passages");
  return model ? t("{model} is thinking", { model }) : t("Thinking");
}

function CitedSources({ answer }: { answer: Answer }) {
  if (answer.citations.length === 0) return null;
  return (
    <ol class="cited" aria-label={t("Cited sources")}>
      {byPassage(answer.citations).map(([first, ...more]) => (
        <li key={first.marker}>
          <button type="button" class="cited-source" onClick={() => openSource(sourceOfCitation(first))}>
            {[first, ...more].map(({ marker }) => (
              <span key={marker} class="cited-marker">
                {marker}
              </span>
            ))}
            <span class="cited-title" dir="auto">
              {first.title || first.name}
            </span>
            <span class="cited-page">{placeOf(first)}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}

type Cited = [Citation, ...Citation[]];

/** Citations of the same passage together, in the order in which they came. */
function byPassage(citations: readonly Citation[]): readonly Cited[] {
  const passages = new Map<string, Cited>();
  for (const citation of citations) {
    const others = passages.get(citation.passage_id);
    if (others) others.push(citation);
    else passages.set(citation.passage_id, [citation]);
  }
  return [...passages.values()];
}

function Copy({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    const hasWorked = await copyText(text);
    setCopied(hasWorked);
    announce(hasWorked ? t("Copied") : t("The browser did not allow copying"));
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <button type="button" class="icon-button" aria-label={t("Copy")} title={t("Copy")} onClick={copy}>
      <Icon name={isCopied ? "check" : "copy"} size={18} />
    </button>
  );
}

function usageOf({ usage }: Answer): string {
  if (usage === null) return "";
  const thought = usage.reasoning_tokens
    ? t(", {reasoning_tokens} of them thoughts", { reasoning_tokens: usage.reasoning_tokens })
    : "";
  return t("{prompt_tokens} tokens read, {completion_tokens} written{thought}", {
    prompt_tokens: usage.prompt_tokens,
    completion_tokens: usage.completion_tokens,
    thought,
  });
}
