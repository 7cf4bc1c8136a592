/** Have two models answer a question beside each other, until the person keeps one of the answers. */

import { batch, computed, signal } from "@preact/signals";
import * as hubbub from "../api/hubbub";
import type { Asked, Message } from "../api/resources";
import { t } from "../language/t";
import { takeMore } from "./again";
import { choice, choose } from "./choices";
import { newId } from "./identifiers";
import { model, models } from "./models";
import { announce, messageOf } from "./notices";
import { goal, path, turnTo } from "./thread";
import type { Step } from "./tree";

/** The answer of the second model while the server does not have it yet, or where it was refused. */
export interface Coming {
  first: Message;
  model: string;
  maxTokens: number | null;
  answerId: string;
  /** Why it was refused; null while it is on its way. */
  problem: string | null;
}

/** The models that can be asked beside the chosen one. */
export const others = computed(() => (models.value ?? []).filter(({ name }) => name !== model.value?.name));
/** The model that answers beside the chosen one; null where one alone answers. */
export const second = computed(() => others.value.find(({ name }) => name === choice.value.second) ?? null);

export function chooseSecond(name: string | null): void {
  choose({ second: name }, { isRemembered: false });
}

/** By question that is on its way, how it is to be answered beside. */
const wanted = new Map<string, { model: string; maxTokens: number | null }>();
/** By first answer, what is to come beside it. */
const comings = signal<ReadonlyMap<string, Coming>>(new Map());

const last = computed(() => path.value.at(-1));
/** What is to come beside the last answer that is shown. */
export const coming = computed<Coming | null>(() => comings.value.get(last.value?.message.id ?? "") ?? null);
/** Whether the chat can't go on before one of two answers is kept. */
export const isUndecided = computed(() => isUndecidedAt(last.value));
/** The same of whatever path ends with a step. */
export const isUndecidedAt = (step: Step | undefined): boolean =>
  (step?.beside.length ?? 0) > 0 || comings.value.has(step?.message.id ?? "");

/** Have a question that is about to be asked answered by the second model, too, if there is one. */
export function wantBeside(questionId: string, maxTokens: number | null): void {
  const name = second.value?.name;
  if (name === undefined) wanted.delete(questionId);
  else wanted.set(questionId, { model: name, maxTokens });
}

/** Ask the second model, once the question is stored. */
export function answerBeside({ question, answer }: Asked): void {
  const want = wanted.get(question.id);
  wanted.delete(question.id);
  if (want !== undefined) send({ ...want, first: answer, answerId: newId(), problem: null });
}

/** Ask it again after it was refused; it is asked once, however often it is sent. */
export function sendAgain(one: Coming): void {
  send({ ...one, problem: null });
}

function send(one: Coming): void {
  setComing(one.first.id, one);
  hubbub
    .askAgain(new AbortController().signal, one.first.parent_id ?? "", {
      model: one.model,
      max_tokens: one.maxTokens,
      beside: one.first.id,
      answer_id: one.answerId,
    })
    .then((asked) => {
      const isKept = !comings.peek().has(one.first.id); // the first was, meanwhile
      setComing(one.first.id, null);
      takeMore(asked);
      if (isKept) turnTo(one.first);
    })
    .catch((error: unknown) => {
      if (comings.peek().has(one.first.id)) setComing(one.first.id, { ...one, problem: messageOf(error) });
    });
}

/** Go on from one of the answers, with its model alone. The other stays as a version. */
export function keep(answer: Message): void {
  batch(() => {
    setComing(answer.id, null);
    chooseSecond(null);
    if ((models.peek() ?? []).some(({ name }) => name === answer.model)) choose({ model: answer.model });
    turnTo(answer);
    goal.value = answer.id;
  });
  announce(t("Kept. The other answer stays as a version."));
}

function setComing(firstId: string, value: Coming | null): void {
  const next = new Map(comings.peek());
  if (value === null) next.delete(firstId);
  else next.set(firstId, value);
  comings.value = next;
}
