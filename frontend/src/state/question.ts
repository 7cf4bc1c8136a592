/** Say a question as it is asked at this moment in the chat that is shown. */

import type { Attachment, Chat, Message, Question } from "../api/resources";
import type { Along } from "./along";
import { chosenCollections } from "./library";
import { model } from "./models";
import { NEW } from "./threads";
import { wish } from "./wished";

/** `chat` is the one that is shown, null where it is still to be begun; `parentId` what the question follows. */
export function questionOf(
  questionId: string,
  chat: Chat | null,
  parentId: string | null,
  text: string,
  along: Along,
): Question {
  const how = wish(questionId);
  return {
    question_id: questionId,
    chat_id: chat?.id ?? null,
    parent_id: parentId,
    text,
    model: how.isByAssistant && !how.needsModel ? null : (model.value?.name ?? null),
    collections: how.isByAssistant ? [] : chosenCollections.value,
    files: along.filesId,
    attached: along.files.map(({ id }) => id),
    pictures: along.pictures.map(({ id }) => id),
    with_instructions: how.hasInstructions ?? false,
    reasoning_effort: how.effort ?? null,
    max_tokens: how.maxTokens ?? null,
    thorough: how.isThorough ?? false,
    is_temporary: chat === null && (how.isTemporary ?? false),
    assistant: how.assistant ?? null,
  };
}

/** What is shown of a question until the server has it. */
export const messageOfQuestion = (question: Question, attachments: readonly Attachment[] = []): Message => ({
  id: question.question_id,
  chat_id: question.chat_id ?? NEW,
  parent_id: question.parent_id,
  role: "user",
  text: question.text,
  created_at: Date.now() / 1000,
  model: question.model ?? "",
  collections: question.collections,
  asked_with: { attachments },
});

/** What goes along with a question that the server does not have yet. */
export function alongOfUnsent({ question_id, files }: Question, messages: readonly Message[]): Along {
  const attachments = messages.find(({ id }) => id === question_id)?.asked_with?.attachments ?? [];
  const of = (wanted: string) => attachments.filter(({ kind }) => kind === wanted);
  return { pictures: of("picture"), files: of("file"), filesId: files };
}
