/** Say how an answer ended where it did not simply end, what the model was not given, and offer a way on. */

import type { Answer, LeftOut } from "../../events";
import { listed, plural, t } from "../../language/t";
import { failureOf } from "../../state/answers";
import { Icon } from "../icons";
import { readingText } from "./waiting";

interface Properties {
  answer: Answer;
  /** Asks again; null where this is not the last answer. */
  retry: (() => void) | null;
  /** Has the answer go on from where it broke off. */
  goOn: (() => void) | null;
}

/** Whether an answer broke off, so that it can go on. */
export function canGoOn({ state, text, way, finish_reason: reason, stop_reason }: Answer): boolean {
  if (text === "" || way === "quotes" || stop_reason === "right_ended") return false;
  return (
    state === "failed" || state === "stopped" || (state === "done" && (reason === "length" || reason === "deadline"))
  );
}

export function Ending({ answer, retry, goOn }: Properties) {
  const more = goOn && canGoOn(answer) && (
    <button type="button" class="button" onClick={goOn}>
      {t("Continue")}
    </button>
  );
  if (answer.state === "failed") {
    return (
      <div class="failure" role="alert">
        <Icon name="warn" />
        <p class="failure-text">
          {answer.text !== "" && `${t("The answer broke off.")} `}
          {failureOf(answer)}
        </p>
        {more}
        {retry && answer.failure?.is_retryable !== false && (
          <button type="button" class="button" onClick={retry}>
            {t("Try again")}
          </button>
        )}
      </div>
    );
  }
  const note = noteOf(answer);
  const left = answer.left_out ? leftOutText(answer.left_out) : null;
  const unread = answer.state === "done" && answer.still_reading ? readingText(answer.still_reading) : null;
  return (
    <>
      {unread && <p class="ending">{t("{unread}: ask again when that is done.", { unread })}</p>}
      {left && <p class="ending">{left}</p>}
      {note && (
        <div class="ending ending-row">
          <span>{note}</span>
          {more}
        </div>
      )}
    </>
  );
}

/** What of the conversation the model was not given. */
export function leftOutText({ turns = 0, shortened = 0, summarized = 0 }: LeftOut): string {
  const what = [
    turns > 0 && plural(turns, "without the earliest message", "without the {count} earliest messages"),
    summarized > 0 &&
      plural(summarized, "with a summary of an earlier message", "with a summary of {count} earlier messages"),
    shortened > 0 && plural(shortened, "with a long message only in part", "with {count} long messages only in part"),
  ].filter((one) => one !== false);
  return t("The chat is longer than this model can read: it answered {how}.", { how: listed(what) });
}

const limits = {
  model: t("The answer reached the model’s own limit of length."),
  setting: t("The answer reached the limit of length that is set for this model."),
  question: t("The answer reached the length that was asked for."),
};
const stops: Readonly<Record<string, string>> = {
  unwatched: t(", since nobody was watching"),
  revoked: t(", since the access that it was asked with has ended"),
  right_ended: t(", since what it needs is no longer shared with you"),
};

export function noteOf({
  state,
  text,
  reasoning,
  finish_reason: reason,
  stop_reason,
  limited_by,
}: Answer): string | null {
  if (state === "stopped") {
    const why = stops[stop_reason ?? ""] ?? "";
    if (text !== "") return t("Stopped{why}.", { why });
    return reasoning === ""
      ? t("Stopped before it began{why}.", { why })
      : t("Stopped while the model was thinking{why}.", { why });
  }
  if (state !== "done") return null;
  if (reason === "length") return limits[limited_by ?? "model"];
  if (reason === "deadline")
    return text === ""
      ? t("The time was up before anything was said.")
      : t("The time was up; this is as far as it came.");
  if (reason === "refusal") return t("The model declined to answer this.");
  if (reason === "tool_calls") return t("The model asked for a tool, which this page can’t give it.");
  if (reason === "content_filter") return t("The model’s filter ended the answer here.");
  if (text !== "") return null;
  return reasoning === "" ? t("The model had nothing to say.") : t("The model thought about it, but said nothing.");
}
