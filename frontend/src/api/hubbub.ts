/** Call the server's resources by name. */

import type { Answer } from "../events";
import type { Usage } from "./bounds";
import { everything, PREFIX, request, upload } from "./http";
import type { DocumentPage, Listing } from "./listing";
import type {
  Again,
  Asked,
  Attachment,
  Chat,
  ChatChanges,
  Collection,
  Document,
  Folder,
  FoundChat,
  FoundPassages,
  Given,
  Grant,
  Group,
  Me,
  Message,
  Model,
  Passage,
  Prompt,
  Question,
  Rating,
  SearchFilters,
  Which,
} from "./resources";

const at = (...parts: string[]) => `/api/${parts.map(encodeURIComponent).join("/")}`;

export const me = (signal: AbortSignal) => request<Me>(signal, "GET", "/api/me");

export const usage = (signal: AbortSignal) => request<Usage>(signal, "GET", "/api/usage");

export const models = (signal: AbortSignal) =>
  request<{ models: Model[]; default: string | null }>(signal, "GET", "/api/models");

export async function collections(signal: AbortSignal): Promise<Collection[]> {
  return (await everything<{ collections: Collection[] }>(signal, "/api/collections", "collections")).collections;
}

export const createCollection = (signal: AbortSignal, name: string) =>
  request<Collection>(signal, "POST", "/api/collections", { body: { name } });

export const renameCollection = (signal: AbortSignal, id: string, name: string) =>
  request<Collection>(signal, "PATCH", at("collections", id), { body: { name } });

export const deleteCollection = (signal: AbortSignal, id: string) =>
  request<void>(signal, "DELETE", at("collections", id));

/** What can be shared with people and groups. */
export type Shareable = "collections" | "prompts" | "assistants";

export function grants(signal: AbortSignal, kind: Shareable, id: string): Promise<Given> {
  return request<Given>(signal, "GET", at(kind, id, "grants"));
}

export function putGrants(signal: AbortSignal, kind: Shareable, id: string, grants: readonly Grant[]): Promise<Given> {
  const body = { grants: grants.map(({ subject, right }) => ({ subject, right })) };
  return request<Given>(signal, "PUT", at(kind, id, "grants"), { body });
}

export async function groups(signal: AbortSignal): Promise<Group[]> {
  return (await request<{ groups: Group[] }>(signal, "GET", "/api/groups")).groups;
}

/** A page of a collection's documents. */
export function documents(
  signal: AbortSignal,
  collectionId: string,
  { words = "", condition = "", order = "name", descending = false, after = null, limit = null, ids = [] }: Listing,
): Promise<DocumentPage> {
  const query = new URLSearchParams({ words, condition, order, descending: String(descending) });
  if (after !== null) query.set("after", after);
  if (limit !== null) query.set("limit", String(limit));
  for (const id of ids) query.append("id", id);
  return request<DocumentPage>(signal, "GET", `${at("collections", collectionId, "documents")}?${query}`);
}

export const renameDocument = (signal: AbortSignal, id: string, name: string) =>
  request<Document>(signal, "PATCH", at("documents", id), { body: { name } });

export const putDocument = (
  signal: AbortSignal,
  collectionId: string,
  file: File,
  progress: (part: number) => void,
): Promise<Document> => upload(signal, "PUT", at("collections", collectionId, "documents", file.name), file, progress);

export const addByUrl = (signal: AbortSignal, collectionId: string, url: string) =>
  request<Document>(signal, "POST", at("collections", collectionId, "urls"), { body: { url } });

export const document = (signal: AbortSignal, id: string) =>
  request<{ document: Document; passages: Passage[]; shared_with: string[] | null }>(
    signal,
    "GET",
    at("documents", id),
  );

/** Let these alone see a document, of those who may see its collection; null: all of them. */
export const restrictDocument = (signal: AbortSignal, id: string, shared_with: readonly string[] | null) =>
  request<Document>(signal, "PATCH", at("documents", id), { body: { shared_with } });

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
export function chats(
  signal: AbortSignal,
  after: string | null,
  which: Which,
): Promise<{ chats: Chat[]; next: string | null }> {
  const query = new URLSearchParams({ limit: "100", ...which, ...(after === null ? {} : { after }) });
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

/** A page of the best passages; `cursor` is `next_cursor` of the page before. No collections: all that may be searched. */
export const findPassages = (
  signal: AbortSignal,
  query: string,
  collections: readonly string[],
  filters: SearchFilters,
  cursor: string | null,
) =>
  request<FoundPassages>(signal, "POST", "/api/search", { body: { query, collections, filters, cursor, limit: 20 } });

export const chat = (signal: AbortSignal, id: string) =>
  request<{ chat: Chat; messages: Message[] }>(signal, "GET", at("chats", id));

export const changeChat = (signal: AbortSignal, id: string, changes: ChatChanges) =>
  request<Chat>(signal, "PATCH", at("chats", id), { body: changes });

export const changeChats = (signal: AbortSignal, ids: readonly string[], changes: ChatChanges) =>
  request<void>(signal, "PATCH", "/api/chats", { body: { ids, ...changes } });

/** Outlives the page, as `deleteChat` does. */
export const deleteChats = (signal: AbortSignal, ids: readonly string[]) =>
  request<void>(signal, "POST", "/api/chats/deletions", { body: { ids }, keepalive: true });

export async function folders(signal: AbortSignal): Promise<Folder[]> {
  return (await everything<{ folders: Folder[] }>(signal, "/api/folders", "folders")).folders;
}

export const renameFolder = (signal: AbortSignal, name: string, wanted: string) =>
  request<void>(signal, "PATCH", "/api/folders", { body: { name, new: wanted } });

/** What takes the files of a chat; null: of one that is still to be begun. */
export async function beginFiles(signal: AbortSignal, chatId: string | null): Promise<string> {
  return (await request<{ id: string }>(signal, "POST", "/api/chat-files", { body: { chat_id: chatId } })).id;
}

export const addPicture = (
  signal: AbortSignal,
  name: string,
  picture: Blob,
  progress: (part: number) => void,
): Promise<Attachment> => upload(signal, "POST", `/api/pictures?${new URLSearchParams({ name })}`, picture, progress);

export const removePicture = (signal: AbortSignal, id: string) => request<void>(signal, "DELETE", at("pictures", id));

export const pictureAddress = (id: string) => PREFIX + at("pictures", id);

export const copyDocument = (signal: AbortSignal, documentId: string, collectionId: string) =>
  request<Document>(signal, "POST", at("collections", collectionId, "copies"), { body: { document_id: documentId } });

export const rate = (signal: AbortSignal, answerId: string, rating: Rating) =>
  request<Rating>(signal, "PUT", at("answers", answerId, "rating"), { body: rating });

export const unrate = (signal: AbortSignal, answerId: string) =>
  request<void>(signal, "DELETE", at("answers", answerId, "rating"));

export async function prompts(signal: AbortSignal): Promise<Prompt[]> {
  const all: Prompt[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const query = after === "" ? "" : `?${new URLSearchParams({ after })}`;
    const page: { prompts: Prompt[]; next: string | null } = await request(signal, "GET", `/api/prompts${query}`);
    all.push(...page.prompts);
    after = page.next;
  }
  return all;
}

export const makePrompt = (signal: AbortSignal, name: string, text: string) =>
  request<Prompt>(signal, "POST", "/api/prompts", { body: { name, text } });

/** Change a prompt of this version: where there is a later one, the server changes nothing. */
export const changePrompt = (signal: AbortSignal, id: string, name: string, text: string, version: number) =>
  request<Prompt>(signal, "PUT", at("prompts", id), { body: { name, text, version } });

export const deletePrompt = (signal: AbortSignal, id: string) => request<void>(signal, "DELETE", at("prompts", id));

export async function instructions(signal: AbortSignal): Promise<string> {
  return (await request<{ text: string }>(signal, "GET", "/api/me/instructions")).text;
}

export const putInstructions = (signal: AbortSignal, text: string) =>
  request<{ text: string }>(signal, "PUT", "/api/me/instructions", { body: { text } });

/** Outlives the page, so that a deletion still holds when the page is closed right after it. */
export const deleteChat = (signal: AbortSignal, id: string) =>
  request<void>(signal, "DELETE", at("chats", id), { keepalive: true });

/** The same `question_id` may be sent again after a lost reply: it is asked once. */
export const ask = (signal: AbortSignal, question: Question) =>
  request<Asked>(signal, "POST", "/api/questions", { body: question });

export const askAgain = (signal: AbortSignal, questionId: string, how: Again) =>
  request<Asked>(signal, "POST", at("questions", questionId, "answers"), { body: how });

export const answer = (signal: AbortSignal, id: string) => request<Answer>(signal, "GET", at("answers", id));

export const stopAnswer = (signal: AbortSignal, id: string) =>
  request<void>(signal, "POST", at("answers", id, "stop"), { body: {} });
