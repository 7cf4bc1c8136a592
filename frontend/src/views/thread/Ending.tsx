/** Say how an answer ended where it did not simply end, and offer a way on. */

import type { Answer } from "../../events";
import { Icon } from "../icons";

export function Ending({ answer, retry }: { answer: Answer; retry: (() => void) | null }) {
  if (answer.state === "failed") {
    return (
      <div class="failure" role="alert">
        <Icon name="warn" />
        <p class="failure-text">
          {answer.text !== "" && "The answer broke off. "}
          {answer.failure?.message ?? "Something went wrong."}
        </p>
        {retry && (
          <button type="button" class="button" onClick={retry}>
            Try again
          </button>
        )}
      </div>
    );
  }
  const note = noteOf(answer);
  return note === null ? null : <p class="ending">{note}</p>;
}

function noteOf({ state, text, finish_reason: reason, stop_reason }: Answer): string | null {
  if (state === "stopped") {
    const why = stop_reason === "unwatched" ? ", since nobody was watching" : "";
    return text === "" ? `Stopped before it began${why}.` : `Stopped${why}.`;
  }
  if (state !== "done") return null;
  if (reason === "length") return "The answer reached the model’s limit of length.";
  if (reason === "deadline")
    return text === "" ? "The time was up before anything was said." : "The time was up; this is as far as it came.";
  if (reason === "refusal") return "The model declined to answer this.";
  if (reason === "tool_calls") return "The model asked for a tool, which this page can’t give it.";
  if (reason === "content_filter") return "The model’s filter ended the answer here.";
  return text === "" ? "The model had nothing to say." : null;
}
