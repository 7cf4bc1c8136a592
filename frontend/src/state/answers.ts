/** Keep the answers that are shown, and follow those that are still being made. */

import { type Signal, signal } from "@preact/signals";
import { follow } from "../api/follow";
import * as hubbub from "../api/hubbub";
import type { Answer, NumberedEvent } from "../events";
import { sentenceOf } from "../language/problems";
import { t } from "../language/t";
import { apply, emptyAnswer } from "./answer";
import { announce, isAbort, messageOf, tell } from "./notices";

const HIDDEN_FRAME_MILLISECONDS = 250;

const cells = new Map<string, Signal<Answer>>();
const followed = new Map<string, AbortController>();

/** The answer of an id, as it is now and will be. */
export function answerOf(id: string): Signal<Answer> {
  let cell = cells.get(id);
  if (cell === undefined) {
    cell = signal(emptyAnswer(id));
    cells.set(id, cell);
  }
  return cell;
}

/** Forget an answer that is shown nowhere. */
export function forgetAnswer(id: string): void {
  followed.get(id)?.abort();
  cells.delete(id);
}

/** Take an answer as the server has it, unless more of it is known here already. */
export function takeAnswer(answer: Answer): void {
  const cell = answerOf(answer.id);
  if (answer.number >= cell.peek().number) cell.value = answer;
}

/** Why an answer failed, for a person. */
export function failureOf({ failure }: Answer): string {
  if (failure === null) return t("Something went wrong.");
  const { code, message, retry_after_seconds: again } = failure;
  return sentenceOf(code, message, again ?? null);
}

/** Follow these answers, those that are open, and no others. */
export function followOnly(ids: readonly string[]): void {
  for (const [id, controller] of followed) {
    if (!ids.includes(id)) controller.abort();
  }
  for (const id of ids) {
    const isOpen = answerOf(id).peek().state === "open";
    if (isOpen && !(followed.get(id)?.signal.aborted === false)) run(id);
  }
}

function run(id: string): void {
  const controller = new AbortController();
  followed.set(id, controller);
  followToEnd(controller.signal, id)
    .catch((error: unknown) => {
      if (!isAbort(error)) giveUp(id, error);
    })
    .finally(() => {
      if (followed.get(id) === controller) followed.delete(id);
    });
}

async function followToEnd(signal: AbortSignal, id: string): Promise<void> {
  const cell = answerOf(id);
  let waiting: NumberedEvent[] = [];
  let timer = 0;
  let frame = 0;
  // What arrives within one frame is shown as one change.
  const show = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    frame = timer = 0;
    const events = waiting;
    waiting = [];
    cell.value = events.reduce((answer, { number, event }) => apply(answer, number, event), cell.peek());
  };
  try {
    await follow(signal, id, cell.peek().number, (events) => {
      waiting.push(...events);
      if (frame !== 0 || timer !== 0) return;
      if (document.hidden) timer = window.setTimeout(show, HIDDEN_FRAME_MILLISECONDS);
      else frame = requestAnimationFrame(show);
    });
  } finally {
    show();
  }
  if (cell.peek().state === "open") takeAnswer(await hubbub.answer(signal, id)); // it ended before we looked
  announceEnd(cell.peek());
}

/** How many answers have ended while the page was not looked at. */
export const endedUnseen = signal(0);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) endedUnseen.value = 0;
});

function announceEnd(answer: Answer): void {
  if (document.hidden) endedUnseen.value++;
  const isOneOfSome = followed.size > 1; // then it is said which
  if (answer.state === "done")
    announce(isOneOfSome ? t("Answer of {model} complete.", { model: answer.model }) : t("Answer complete."));
  if (answer.state === "failed") announce(t("The answer failed. {message}", { message: failureOf(answer) }));
  if (answer.state === "stopped") announce(t("The answer was stopped."));
}

/** The log can't be read any more: say so in the answer's place. What it said so far stands. */
function giveUp(id: string, error: unknown): void {
  const cell = answerOf(id);
  const failure = { type: "failed", code: "unreadable", message: messageOf(error), is_retryable: true } as const;
  cell.value = { ...cell.peek(), state: "failed", failure, place: null, estimate_seconds: null };
  announceEnd(cell.peek());
}

/** Ask the server to stop an answer. It ends, for every reader, with an event. */
export function stop(id: string): void {
  hubbub.stopAnswer(new AbortController().signal, id).catch(tell);
}
