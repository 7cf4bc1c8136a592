/** Show the chat: what was said, and the place to go on. */

import { outgoing, path, refreshThread, thread } from "../../state/thread";
import { Composer } from "../composer/Composer";
import { Icon } from "../icons";
import { AnswerView } from "./AnswerView";
import { QuestionView } from "./QuestionView";
import { usePinnedScroll } from "./scroll";
import "./thread.css";
import { Welcome } from "./Welcome";

export function Chat() {
  const { problem, isLoaded, chat } = thread.value;
  const steps = path.value;
  const lastQuestion = steps.findLast(({ message }) => message.role === "user")?.message.id ?? "";
  const { scroller, content, isPinned, jump } = usePinnedScroll(`${chat?.id ?? ""} ${lastQuestion}`);
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
                  Try again
                </button>
              )}
            </div>
          )}
          {!isLoaded && !problem && <Waiting />}
          {isEmpty && <Welcome />}
          {steps.map(({ message, siblings }, index) =>
            message.role === "user" ? (
              <QuestionView
                key={message.id}
                message={message}
                siblings={siblings}
                sending={outgoing.value.get(message.id) ?? null}
              />
            ) : (
              <AnswerView key={message.id} message={message} siblings={siblings} isLast={index === steps.length - 1} />
            ),
          )}
        </div>
      </div>
      <div class="thread-foot">
        {!isPinned && steps.length > 0 && (
          <button type="button" class="jump" onClick={jump}>
            <Icon name="down" size={16} /> Jump to latest
          </button>
        )}
        <Composer />
      </div>
    </div>
  );
}

function Waiting() {
  return (
    <div class="thread-waiting" role="status">
      <span class="visually-hidden">Loading the chat</span>
      <i class="bone is-right" />
      <i class="bone" />
      <i class="bone is-short" />
    </div>
  );
}
