/** Show the chat: what was said, and the place to go on. */

import { useLayoutEffect } from "preact/hooks";
import type { Message } from "../../api/resources";
import { t } from "../../language/t";
import { answerOf } from "../../state/answers";
import { coming } from "../../state/beside";
import { outgoing } from "../../state/outgoing";
import { asks, goal, path, refreshThread, thread } from "../../state/thread";
import type { Step } from "../../state/tree";
import { Composer } from "../composer/Composer";
import { Guarded } from "../Guarded";
import { Icon } from "../icons";
import { AnswerView } from "./AnswerView";
import { Comparison } from "./Comparison";
import { useLatest } from "./latest";
import { QuestionView } from "./QuestionView";
import { usePinnedScroll } from "./scroll";
import "./thread.css";
import { Welcome } from "./Welcome";

export function Chat() {
  const { problem, isLoaded, chat } = thread.value;
  const steps = path.value;
  const { scroller, content, isPinned, jump, hold, keepPlace } = usePinnedScroll(chat?.id ?? "", asks.value);
  const wanted = steps.findIndex(({ message }) => message.id === goal.value);
  const { hidden, earlier, showEarlier } = useLatest(chat?.id ?? "", steps.length, wanted, scroller, keepPlace);
  useLayoutEffect(() => {
    if (wanted < 0 || wanted < hidden) return;
    const element = document.getElementById(`message-${goal.peek()}`);
    if (element === null) return;
    hold();
    element.scrollIntoView({ block: "start" });
    element.focus({ preventScroll: true });
    goal.value = null;
  }, [wanted, hidden]);
  const isEmpty = isLoaded && problem === null && steps.length === 0;
  return (
    <div class={`chat ${isEmpty ? "is-empty" : ""}`}>
      <div class="thread" ref={scroller}>
        <div class="thread-column" ref={content}>
          {problem && (
            <div class="thread-problem" role="alert">
              <p>{problem}</p>
              {!isLoaded && (
                <button type="button" class="button" onClick={refreshThread}>
                  {t("Try again")}
                </button>
              )}
            </div>
          )}
          {!isLoaded && !problem && <Waiting />}
          {isEmpty && <Welcome />}
          {hidden > 0 && (
            <button type="button" class="button earlier" ref={earlier} onClick={showEarlier}>
              {t("Show earlier messages ({hidden})", { hidden })}
            </button>
          )}
          {steps.slice(hidden).map((step, index) => (
            <Guarded key={step.beside[0]?.id ?? step.message.id} instead={<Unformatted message={step.message} />}>
              <Shown step={step} isLast={hidden + index === steps.length - 1} />
            </Guarded>
          ))}
        </div>
      </div>
      <div class="thread-foot">
        {!isPinned && steps.length > 0 && (
          <button type="button" class="jump" onClick={jump}>
            <Icon name="down" size={16} /> {t("Jump to latest")}
          </button>
        )}
        <Composer />
      </div>
    </div>
  );
}

function Shown({ step: { message, siblings, beside }, isLast }: { step: Step; isLast: boolean }) {
  if (message.role === "user")
    return <QuestionView message={message} siblings={siblings} sending={outgoing.value.get(message.id) ?? null} />;
  const awaited = isLast ? coming.value : null;
  if (beside.length > 0 || awaited)
    return <Comparison answers={beside.length > 0 ? beside : [message]} coming={beside.length > 0 ? null : awaited} />;
  return <AnswerView message={message} siblings={siblings} isLast={isLast} />;
}

/** A message that can't be shown as it should be: its text still can. */
function Unformatted({ message }: { message: Message }) {
  const text = message.role === "user" ? message.text : answerOf(message.id).peek().text;
  return (
    <article class="answer" aria-label={t("Message that can’t be formatted")}>
      <p class="progress">{t("This message can’t be shown with its formatting. Its text:")}</p>
      <p class="thoughts" dir="auto">
        {text}
      </p>
    </article>
  );
}

function Waiting() {
  return (
    <div class="thread-waiting" role="status">
      <span class="visually-hidden">{t("Loading the chat")}</span>
      <i class="bone is-right" />
      <i class="bone" />
      <i class="bone is-short" />
    </div>
  );
}
