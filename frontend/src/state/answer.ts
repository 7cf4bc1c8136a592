/** Fold an answer's events into what the answer is now, exactly as `hubbub/core/answer.py` does. */

import type { Answer, Call, Event, Searched, SearchStep, ToolCall } from "../events";

export function emptyAnswer(id: string): Answer {
  return {
    id,
    number: 0,
    state: "open",
    text: "",
    model: "",
    way: "chat",
    way_reason: "",
    place: null,
    estimate_seconds: null,
    query: null,
    hits: [],
    citations: [],
    follow_ups: [],
    usage: null,
    finish_reason: null,
    stop_reason: null,
    failure: null,
    reasoning: "",
    calls: [],
  };
}

/** The answer after one more event. An event that was applied already, or is of an unknown kind, changes nothing else. */
export function apply(answer: Answer, number: number, event: Event): Answer {
  if (number <= answer.number) return answer;
  return { ...answer, number, ...changes(answer, event) };
}

function changes(answer: Answer, event: Event): Partial<Answer> {
  switch (event.type) {
    case "queued":
      return { place: event.place, estimate_seconds: event.estimate_seconds };
    case "started":
      return {
        model: event.model,
        way: event.way,
        way_reason: event.reason ?? "",
        place: null,
        estimate_seconds: null,
      };
    case "searched":
      return {
        query: event.query,
        hits: event.hits,
        ...(event.is_step ? { steps: withStep(answer.steps ?? [], event) } : {}),
      };
    case "still_reading":
      return { still_reading: event.names.length ? event : undefined };
    case "left_out":
      return { left_out: event };
    case "cited":
      return { citations: [...answer.citations, event.citation] };
    case "text":
      return { text: answer.text + event.text };
    case "reasoning":
      return { reasoning: answer.reasoning + event.text };
    case "reclassified":
      return { text: "", reasoning: answer.reasoning + answer.text, citations: [] };
    case "declined":
      return { declined_at: [...answer.text].length };
    case "tool_call":
      return { calls: withPiece(answer.calls, event) };
    case "follow_ups":
      return { follow_ups: event.questions };
    case "usage":
      return { usage: event };
    case "done":
      return {
        state: "done",
        finish_reason: event.finish_reason,
        place: null,
        estimate_seconds: null,
        ...(event.limited_by === undefined ? {} : { limited_by: event.limited_by }),
      };
    case "failed":
      return { state: "failed", failure: event, place: null, estimate_seconds: null };
    case "stopped":
      return { state: "stopped", stop_reason: event.reason, place: null, estimate_seconds: null };
    default:
      return {}; // a newer server's event
  }
}

/** An answer that another worker begins anew repeats some steps: each is there once. */
function withStep(steps: readonly SearchStep[], { query, hits }: Searched): readonly SearchStep[] {
  return [...steps.filter((one) => one.query !== query), { query, found: hits.length }];
}

function withPiece(calls: readonly Call[], piece: ToolCall): readonly Call[] {
  const place = placeOf(piece, calls.length);
  const call = calls[place];
  const name = piece.name ?? "";
  const more = piece.arguments ?? "";
  if (call === undefined) {
    const begun = { id: piece.id ?? "", name, arguments: more };
    return [...calls, piece.extra ? { ...begun, extra: piece.extra } : begun];
  }
  const grown = { ...call, id: call.id || (piece.id ?? ""), name: call.name + name, arguments: call.arguments + more };
  const whole = piece.extra ? { ...grown, extra: { ...call.extra, ...piece.extra } } : grown;
  return calls.map((one, index) => (index === place ? whole : one));
}

/** Which of so many calls a piece belongs to; in logs of earlier versions indices may leave some out. */
function placeOf(piece: ToolCall, calls: number): number {
  if (piece.index < calls) return piece.index;
  return piece.id || calls === 0 ? calls : calls - 1;
}
