/** Keep the chat that is shown: its messages, the branch that was turned to, and what is being sent. */

import { batch, computed, effect, signal } from "@preact/signals";
import { Problem } from "../api/http";
import * as hubbub from "../api/hubbub";
import type { Asked, Collection, Message, Question } from "../api/resources";
import { t } from "../language/t";
import type { Along } from "./along";
import { answerOf, followOnly, stop, takeAnswer } from "./answers";
import { touch } from "./chats";
import { forgetNewChoice, keepChoice, takeChoice } from "./choices";
import { takeBack, typeAgain } from "./drafts";
import { newId } from "./identifiers";
import { chooseCollections, guide } from "./library";
import { isAbort, messageOf } from "./notices";
import { keepOutgoing, outgoing, setOutgoing, takeKept } from "./outgoing";
import { alongOfUnsent, messageOfQuestion, questionOf } from "./question";
import { chatPath, homePath, navigate, route } from "./route";
import { sendPatiently } from "./sending";
import { blank, changeChat, keepLatest, NEW, type Thread, threadOf, waitedIn } from "./threads";
import { pathOf, ROOT, type Step } from "./tree";
import { keepTurns, keptTurns } from "./turns";
import { tellAsked } from "./wished";

const key = computed(() => (route.value.page === "chat" ? (route.value.chatId ?? NEW) : null));
export const thread = computed<Thread>(() => (key.value === null ? blank : threadOf(key.value).value));
export const path = computed<Step[]>(() => pathOf(thread.value.messages, thread.value.turns));
/** How often something was asked here. */
export const asks = signal(0);

/** The answer at the end of the path while it is being made; both where two stand beside each other. */
export const openAnswerIds = computed<readonly string[]>(() => openIn(path.value.at(-1)));
/** The first of them. */
export const openAnswerId = computed<string | null>(() => openAnswerIds.value[0] ?? null);

/** The answers that are being made of the last step of a path. */
export function openIn(last: Step | undefined): readonly string[] {
  if (last?.message.role !== "assistant") return [];
  const shown = last.beside.length > 0 ? last.beside : [last.message];
  return shown.map(({ id }) => id).filter((id) => answerOf(id).value.state === "open");
}

export const isSendingIn = (steps: readonly Step[]) =>
  steps.some(({ message }) => outgoing.value.get(message.id)?.problem === null);
export const isSending = computed(() => isSendingIn(path.value));

let loading = new AbortController();
let isLoading = false;

/** Load the chat that is shown, again if it was. */
export function refreshThread(): void {
  const id = key.peek();
  loading.abort();
  loading = new AbortController();
  const { signal } = loading;
  isLoading = id !== null && id !== NEW;
  if (id === null || id === NEW) return;
  load(signal, id).then(ended, (error: unknown) => {
    if (isAbort(error)) return;
    ended();
    const isGone = error instanceof Problem && error.status === 404;
    const cell = threadOf(id);
    if (isGone) cell.value = { ...blank, isLoaded: true, problem: t("This chat is not there, or not yours.") };
    else if (!cell.peek().isLoaded) cell.value = { ...cell.peek(), problem: messageOf(error) };
  });
}

const ended = () => {
  isLoading = false;
};

async function load(signal: AbortSignal, id: string): Promise<void> {
  const cell = threadOf(id);
  const isFirst = !cell.peek().isLoaded;
  const told = await hubbub.chat(signal, id);
  batch(() => {
    for (const { answer } of told.messages) if (answer) takeAnswer(answer);
    const waiting = cell.peek().messages.filter(({ id }) => outgoing.peek().has(id));
    const known = new Set(told.messages.map(({ id }) => id));
    const messages = [...told.messages, ...waiting.filter(({ id }) => !known.has(id))];
    const turns = isFirst ? keptTurns(id, messages) : cell.peek().turns;
    cell.value = { ...cell.peek(), chat: told.chat, messages, turns, problem: null, isLoaded: true };
    turnToGoal(id);
    const asked = messages.findLast(({ role }) => role === "user");
    if (isFirst && asked) takeChoice(id, { model: asked.model || null, collections: asked.collections });
  });
}

/** Load chats as they are turned to and follow their open answers, until the signal says to end. */
export function runThread(signal: AbortSignal): void {
  keepOutgoing(
    ({ chat_id, is_temporary }) => !is_temporary && !threadOf(chat_id ?? NEW).peek().chat?.is_temporary,
    alongOf,
  );
  sendKept();
  const endShowing = effect(() => {
    if (key.value !== null) keepLatest(key.value, isUnsent);
    refreshThread();
  });
  const endFollowing = effect(() => {
    const followed = [thread.value, ...[...waitedIn.value].map((id) => threadOf(id).value)];
    followOnly(followed.flatMap(({ messages }) => messages.filter(isAnswer).map(({ id }) => id)));
  });
  signal.addEventListener("abort", () => {
    endShowing();
    endFollowing();
    loading.abort();
    followOnly([]);
  });
}

const isAnswer = ({ role }: Message) => role === "assistant";

/** Whether questions of a chat are known here alone. */
const isUnsent = ({ chat, messages }: Thread) =>
  waitedIn.peek().has(chat?.id ?? NEW) || messages.some(({ id }) => outgoing.peek().has(id));

const alongOf = (question: Question): Along =>
  alongOfUnsent(question, threadOf(question.chat_id ?? NEW).peek().messages);

/** Begin a new chat. A question that could not begin one before is typed again. */
export function newChat(): void {
  const unsent = takeUnsent();
  threadOf(NEW).value = { ...blank, isLoaded: true };
  forgetNewChoice();
  navigate(homePath);
  for (const { text, along } of unsent) takeBack(text, along);
}

/** Discard the questions that could not begin a chat; returns what was asked. */
function takeUnsent(): { text: string; along: Along }[] {
  const unsent = [...outgoing.peek().values()].filter(
    ({ question, problem }) => question.chat_id === null && problem !== null,
  );
  const taken = unsent.map(({ question }) => ({ text: question.text, along: alongOf(question) }));
  for (const { question } of unsent) discard(question);
  return taken;
}

/** Whether the chat that is shown leaves nothing behind. */
export const isTemporaryHere = computed(() => thread.value.chat?.is_temporary ?? false);

/** Begin a chat about Hubbub itself. */
export function newChatWithGuide(): void {
  newChat();
  if (guide.peek() !== null) chooseCollections([(guide.peek() as Collection).id], { isRemembered: false });
}

/** The last message of the path that the server has, or will have: what was not sent can't be asked on from. */
const lastSent = () =>
  path.peek().findLast(({ message }) => (outgoing.peek().get(message.id)?.problem ?? null) === null)?.message.id ??
  null;

/** Ask a question after a message, or as the first of the chat (`parentId` null), with what goes along. */
export function ask(
  text: string,
  parentId: string | null = lastSent(),
  along: Along = { pictures: [], files: [], filesId: thread.peek().chat?.files_id || null },
  questionId: string = newId(),
): void {
  askAs(questionOf(questionId, thread.peek().chat, parentId, text, along), along);
  asks.value++;
}

/** Ask a question as it is, in whatever chat it says. */
export function askAs(question: Question, along: Along): void {
  add(question.chat_id ?? NEW, [messageOfQuestion(question, [...along.pictures, ...along.files])]);
  send(question);
}

/** Go on sending what an earlier page in this tab was sending when it was left. */
function sendKept(): void {
  const { toSend, toType } = takeKept();
  for (const question of toSend) {
    add(question.chat_id ?? NEW, [messageOfQuestion(question)]);
    if (question.chat_id !== null) goal.value = question.question_id; // which turns to it once its chat is there
    send(question);
  }
  typeAgain(toType);
}

/** Send what did not reach the server once more. */
export function sendUnreached(): void {
  for (const { question, isUnreached } of outgoing.peek().values()) if (isUnreached) send(question);
}

/** Send a question that did not get through once more; it is asked once, however often it is sent. */
export function send(question: Question): void {
  setOutgoing(question.question_id, { question, problem: null, isUnreached: false });
  sendPatiently(question)
    .then((asked) => {
      setOutgoing(question.question_id, null);
      settle(question, asked);
    })
    .catch((error: unknown) => {
      const isUnreached = error instanceof Problem && error.isUnreachable;
      setOutgoing(question.question_id, { question, problem: messageOf(error), isUnreached });
    });
}

function settle(question: Question, asked: Asked): void {
  batch(() => {
    touch(asked.chat);
    if (question.chat_id === null) {
      const cell = threadOf(NEW);
      const isShown = key.peek() === NEW && cell.peek().messages.some(({ id }) => id === question.question_id);
      keepChoice(asked.chat.id);
      threadOf(asked.chat.id).value = { ...blank, chat: asked.chat, isLoaded: true };
      add(asked.chat.id, [asked.question, asked.answer]);
      if (isShown) {
        const unsent = takeUnsent();
        cell.value = { ...blank, isLoaded: true };
        navigate(chatPath(asked.chat.id), { replace: true });
        for (const { text, along } of unsent) takeBack(text, along);
      }
    } else {
      changeChat(asked.chat);
      add(asked.chat.id, [asked.question, asked.answer]);
    }
    tellAsked(asked);
  });
}

/** Take back a question that was not sent. */
export function discard(question: Question): void {
  const cell = threadOf(question.chat_id ?? NEW);
  cell.value = { ...cell.peek(), messages: cell.peek().messages.filter(({ id }) => id !== question.question_id) };
  setOutgoing(question.question_id, null);
}

export function turnTo({ id, chat_id, parent_id }: Message): void {
  const cell = threadOf(chat_id);
  cell.value = { ...cell.peek(), turns: new Map(cell.peek().turns).set(parent_id ?? ROOT, id) };
  keep(chat_id);
}

/** The message that is to come in sight, once its chat is there. */
export const goal = signal<string | null>(null);

/** Open a chat at one of its messages, whatever branch it stands in. */
export function openAt(chatId: string, messageId: string): void {
  goal.value = messageId;
  navigate(chatPath(chatId));
  if (threadOf(chatId).peek().isLoaded) turnToGoal(chatId);
}

function turnToGoal(chatKey: string): void {
  const cell = threadOf(chatKey);
  const known = new Map(cell.peek().messages.map((message) => [message.id, message]));
  const turns = new Map(cell.peek().turns);
  for (let one = known.get(goal.peek() ?? ""); one; one = known.get(one.parent_id ?? ROOT))
    turns.set(one.parent_id ?? ROOT, one.id);
  cell.value = { ...cell.peek(), turns };
}

export function stopOpenAnswer(): void {
  for (const id of openAnswerIds.peek()) stop(id);
}

/** Add messages or put them in the place of what was known of them, and turn to them. */
export function add(chatKey: string, added: readonly Message[]): void {
  const isOvertaken = isLoading && chatKey === key.peek();
  if (isOvertaken) loading.abort(); // what is under way may not know these yet
  const cell = threadOf(chatKey);
  const turns = new Map(cell.peek().turns);
  const messages = [...cell.peek().messages];
  for (const message of added) {
    if (message.answer) takeAnswer(message.answer);
    if (message.asked_with?.beside)
      turns.delete(message.parent_id ?? ROOT); // until one of the two is kept
    else turns.set(message.parent_id ?? ROOT, message.id);
    const index = messages.findIndex(({ id }) => id === message.id);
    if (index < 0) messages.push(message);
    else messages[index] = message;
  }
  cell.value = { ...cell.peek(), messages, turns };
  keep(chatKey);
  if (isOvertaken) refreshThread(); // it was to tell what others have said
}

/** Remember what was turned to in a chat, if anything of it is to be kept. */
function keep(chatKey: string): void {
  const { chat, messages, turns } = threadOf(chatKey).peek();
  if (chatKey !== NEW && !chat?.is_temporary) keepTurns(chatKey, messages, turns);
}
