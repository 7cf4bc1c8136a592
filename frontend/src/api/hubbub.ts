/** Call the server's resources by name. */

import type { Answer } from "../events";
import { PREFIX, request, upload } from "./http";
import type {
  Asked,
  Chat,
  Collection,
  Document,
  FoundChat,
  Given,
  Grant,
  Group,
  Me,
  Message,
  Model,
  Passage,
  Question,
  Usage,
} from "./resources";

const at = (...parts: string[]) => `/api/${parts.map(encodeURIComponent).join("/")}`;

export const me = (signal: AbortSignal) => request<Me>(signal, "GET", "/api/me");

export const usage = (signal: AbortSignal) => request<Usage>(signal, "GET", "/api/usage");

export const models = (signal: AbortSignal) =>
  request<{ models: Model[]; default: string | null }>(signal, "GET", "/api/models");

export async function collections(signal: AbortSignal): Promise<Collection[]> {
  return (await request<{ collections: Collection[] }>(signal, "GET", "/api/collections")).collections;
}

export const createCollection = (signal: AbortSignal, name: string) =>
  request<Collection>(signal, "POST", "/api/collections", { body: { name } });

export const deleteCollection = (signal: AbortSignal, id: string) =>
  request<void>(signal, "DELETE", at("collections", id));

export function grants(signal: AbortSignal, collectionId: string): Promise<Given> {
  return request<Given>(signal, "GET", at("collections", collectionId, "grants"));
}

export function putGrants(signal: AbortSignal, collectionId: string, grants: readonly Grant[]): Promise<Given> {
  const body = { grants: grants.map(({ subject, right }) => ({ subject, right })) };
  return request<Given>(signal, "PUT", at("collections", collectionId, "grants"), { body });
}

export async function groups(signal: AbortSignal): Promise<Group[]> {
  return (await request<{ groups: Group[] }>(signal, "GET", "/api/groups")).groups;
}

export async function documents(signal: AbortSignal, collectionId: string): Promise<Document[]> {
  const path = at("collections", collectionId, "documents");
  return (await request<{ documents: Document[] }>(signal, "GET", path)).documents;
}

export const putDocument = (
  signal: AbortSignal,
  collectionId: string,
  file: File,
  progress: (part: number) => void,
): Promise<Document> => upload(signal, at("collections", collectionId, "documents", file.name), file, progress);

export const document = (signal: AbortSignal, id: string) =>
  request<{ document: Document; passages: Passage[] }>(signal, "GET", at("documents", id));

export const deleteDocument = (signal: AbortSignal, id: string) => request<void>(signal, "DELETE", at("documents", id));

/** Where a document's file can be downloaded. */
export const fileAddress = (documentId: string) => PREFIX + at("documents", documentId, "file");

/** Where the picture of a PDF's page is, with a quote or a passage marked in it; `scale` is in pixels a point. */
export function pageAddress(
  documentId: string,
  page: number,
  passageId: string | null,
  quote: string,
  scale: number,
): string {
  const query = new URLSearchParams({ scale: String(scale) });
  if (passageId !== null) query.set("passage", passageId);
  if (quote !== "") query.set("quote", quote);
  const path = PREFIX + at("documents", documentId, "pages", String(page));
  return `${path}?${query}`;
}

/** A page of the chats, the one last used first; `after` is `next` of the page before. */
export function chats(signal: AbortSignal, after: string | null): Promise<{ chats: Chat[]; next: string | null }> {
  const query = new URLSearchParams({ limit: "100", ...(after === null ? {} : { after }) });
  return request(signal, "GET", `/api/chats?${query}`);
}

/** A page of the chats in which all words were found; `before` is `next` of the page before. */
export function findChats(
  signal: AbortSignal,
  words: string,
  before: string | null,
): Promise<{ found: FoundChat[]; next: string | null }> {
  const query = new URLSearchParams({ words, ...(before === null ? {} : { before }) });
  return request(signal, "GET", `/api/chats/found?${query}`);
}

export const chat = (signal: AbortSignal, id: string) =>
  request<{ chat: Chat; messages: Message[] }>(signal, "GET", at("chats", id));

export const renameChat = (signal: AbortSignal, id: string, title: string) =>
  request<Chat>(signal, "PATCH", at("chats", id), { body: { title } });

/** Outlives the page, so that a deletion still holds when the page is closed right after it. */
export const deleteChat = (signal: AbortSignal, id: string) =>
  request<void>(signal, "DELETE", at("chats", id), { keepalive: true });

/** The same `question_id` may be sent again after a lost reply: it is asked once. */
export const ask = (signal: AbortSignal, question: Question) =>
  request<Asked>(signal, "POST", "/api/questions", { body: question });

export const askAgain = (
  signal: AbortSignal,
  questionId: string,
  model: string | null,
  collectionIds: readonly string[] | null,
) =>
  request<Asked>(signal, "POST", at("questions", questionId, "answers"), {
    body: { model, collections: collectionIds },
  });

/** Have an answer that broke off go on, as a new one that begins with what it said. */
export const goOn = (signal: AbortSignal, questionId: string, answerId: string) =>
  request<Asked>(signal, "POST", at("questions", questionId, "answers"), { body: { continues: answerId } });

export const answer = (signal: AbortSignal, id: string) => request<Answer>(signal, "GET", at("answers", id));

export const stopAnswer = (signal: AbortSignal, id: string) =>
  request<void>(signal, "POST", at("answers", id, "stop"), { body: {} });
