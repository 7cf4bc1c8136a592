/** Keep the pictures and files that are to go with the next question, a list a draft; a reload keeps them. */

import { computed, signal } from "@preact/signals";
import * as hubbub from "../api/hubbub";
import type { Attachment, Document } from "../api/resources";
import { t } from "../language/t";
import type { Along } from "./along";
import { type Attached, attachedOf, newKey, store, stored } from "./attached";
import { isUnfinished, whyFailed } from "./documents";
import { draftKey, keepAlong } from "./drafts";
import { refusalOf } from "./kinds";
import { chosenCollections } from "./library";
import { model, models } from "./models";
import { announce, isAbort, messageOf } from "./notices";
import { scaledDown } from "./pictures";
import { me } from "./session";
import { thread } from "./thread";

const LOOK_MILLISECONDS = 400;
const PICTURES: readonly string[] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

const running = new Map<number, AbortController>();
const lists = signal<Readonly<Record<string, readonly Attached[]>>>(stored());

export const attached = computed<readonly Attached[]>(() => lists.value[draftKey.value] ?? []);
const live = computed(() => attached.value.filter(({ problem }) => problem === null));
export const isSendingFiles = computed(() => live.value.some(({ id }) => id === null));

/** Chats whose files are not searched for now. */
const unsearched = signal<ReadonlySet<string>>(new Set());

/** The files of the chat that is shown, or of the new one; null where there are none. */
export const filesHere = computed<string | null>(
  () => live.value.find(({ filesId }) => filesId !== null)?.filesId ?? (thread.value.chat?.files_id || null),
);
/** Those that the next question searches. */
export const searchedFiles = computed<string | null>(() =>
  unsearched.value.has(draftKey.value) && !live.value.some(({ kind }) => kind === "file") ? null : filesHere.value,
);

/** Search the files of this chat with the next questions, or don't. */
export function searchFiles(isSearched: boolean): void {
  const next = new Set(unsearched.peek());
  if (isSearched) next.delete(draftKey.peek());
  else next.add(draftKey.peek());
  unsearched.value = next;
}

/** Why the pictures can't go with the question; null where they can. */
export const pictureProblem = computed<string | null>(() => {
  if (!live.value.some(({ kind }) => kind === "picture")) return null;
  const asked = model.value;
  const readers = (models.value ?? []).filter(({ reads_images }) => reads_images).map(({ name }) => name);
  if (asked === null || !asked.reads_images) {
    const able = t("{models} can. Choose another model, or remove the picture.", {
      models: readers.slice(0, 3).join(", "),
    });
    const advice = readers.length === 0 ? t("No model here can. Remove the picture.") : able;
    return t("{name} can’t read pictures. {advice}", { name: asked?.name ?? t("This server"), advice });
  }
  const hasDocuments = chosenCollections.value.length > 0 || searchedFiles.value !== null;
  if (hasDocuments && !asked.can_ground)
    return t("Over documents {name} only quotes, and looks at no pictures. Remove the picture or the documents.", {
      name: asked.name,
    });
  return null;
});

const isPicture = (file: File) => PICTURES.includes(file.type);

/** Take files for the next question: pictures for the model, others to be read and searched. */
export async function attach(files: readonly File[]): Promise<void> {
  const draft = draftKey.peek();
  const chatId = thread.peek().chat?.id ?? null;
  const { document_bytes: mostBytes, document_suffixes: suffixes } = me.peek()?.limits ?? {
    document_bytes: Number.POSITIVE_INFINITY,
    document_suffixes: [],
  };
  const refused = await Promise.all(
    files.map((file) => (isPicture(file) ? Promise.resolve(null) : refusalOf(file, suffixes, mostBytes))),
  );
  const added = files.map((file, place): [Attached, File] => [
    {
      key: newKey(),
      kind: isPicture(file) ? "picture" : "file",
      name: file.name || "picture",
      size: file.size,
      id: null,
      filesId: null,
      sent: 0,
      isBeingRead: false,
      problem: refused[place] ?? null,
    },
    file,
  ]);
  set(draft, [...(lists.peek()[draft] ?? []), ...added.map(([one]) => one)]);
  const problems = added.filter(([{ problem }]) => problem !== null);
  if (problems.length > 0) announce(`${problems.map(([{ name, problem }]) => `${name}: ${problem}`).join(" ")}`);
  for (const [one, file] of added) if (one.problem === null) await sendOne(draft, chatId, one, file);
}

async function sendOne(draft: string, chatId: string | null, one: Attached, file: File): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  running.set(one.key, controller);
  const progress = (sent: number) => change(draft, one.key, { sent });
  try {
    if (one.kind === "picture") {
      const picture = await scaledDown(file);
      const most = me.peek()?.limits.picture_bytes ?? Number.POSITIVE_INFINITY;
      if (picture.size > most) {
        const megabytes = Math.floor(most / 1024 / 1024);
        change(draft, one.key, { problem: t("Too large: pictures may have up to {megabytes} MB.", { megabytes }) });
        return;
      }
      const { id } = await hubbub.addPicture(signal, one.name, picture, progress);
      change(draft, one.key, { id, sent: 1 });
      return;
    }
    const filesId = await filesFor(signal, draft, chatId);
    const document = await hubbub.putDocument(signal, filesId, named(file, one.name), progress);
    change(draft, one.key, { id: document.id, filesId, sent: 1, ...stateOf(document) });
    watch(draft, filesId);
  } catch (error) {
    if (!isAbort(error)) change(draft, one.key, { problem: messageOf(error) });
  } finally {
    running.delete(one.key);
  }
}

/** Let a document of a collection be searched in this chat alone: as a copy among its files. */
export async function attachDocument({ id: documentId, name }: Pick<Document, "id" | "name">): Promise<void> {
  const draft = draftKey.peek();
  const chatId = thread.peek().chat?.id ?? null;
  const blank = { kind: "file" as const, id: null, filesId: null, sent: 0, isBeingRead: false, problem: null };
  const one: Attached = { ...blank, key: newKey(), name, size: 0 };
  set(draft, [...(lists.peek()[draft] ?? []), one]);
  try {
    const { signal } = new AbortController();
    const filesId = await filesFor(signal, draft, chatId);
    const copied = await hubbub.copyDocument(signal, documentId, filesId);
    change(draft, one.key, { id: copied.id, filesId, sent: 1, size: copied.size_bytes, ...stateOf(copied) });
    watch(draft, filesId);
  } catch (error) {
    change(draft, one.key, { problem: messageOf(error) });
  }
}

const named = (file: File, name: string) => (file.name === name ? file : new File([file], name, { type: file.type }));

/** What takes the files of a draft: its chat's, or that of the files that it has, or a new one. */
async function filesFor(signal: AbortSignal, draft: string, chatId: string | null): Promise<string> {
  const known = lists.peek()[draft]?.find(({ filesId, problem }) => filesId !== null && problem === null)?.filesId;
  return known ?? (await hubbub.beginFiles(signal, chatId));
}

const watched = new Set<string>();

/** Look how far the files of a draft have been read, until all are. */
async function watch(draft: string, filesId: string): Promise<void> {
  if (watched.has(filesId)) return;
  watched.add(filesId);
  try {
    while ((lists.peek()[draft] ?? []).some((one) => one.filesId === filesId && one.isBeingRead)) {
      const { documents } = await hubbub.documents(new AbortController().signal, filesId, {});
      for (const document of documents) {
        const one = lists.peek()[draft]?.find(({ id }) => id === document.id);
        if (one?.isBeingRead) change(draft, one.key, stateOf(document));
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
    }
  } catch {
    // The server is away, or the files are gone: asking with them will say so.
  } finally {
    watched.delete(filesId);
  }
}

const stateOf = (document: Document): Partial<Attached> => ({
  isBeingRead: isUnfinished(document) && document.state !== "embedding",
  problem: document.state === "failed" ? whyFailed(document) || t("This file can’t be read.") : null,
});

/** Take one away again. */
export function detach(key: number): void {
  const draft = draftKey.peek();
  const one = attached.peek().find((other) => other.key === key);
  set(
    draft,
    attached.peek().filter((other) => other.key !== key),
  );
  running.get(key)?.abort();
  if (!one?.id) return;
  const { signal } = new AbortController();
  const removing =
    one.kind === "picture" ? hubbub.removePicture(signal, one.id) : hubbub.deleteDocument(signal, one.id);
  removing.catch(() => {}); // what no question names is deleted by itself after a while
}

/** Take what goes with the question that is sent now. */
export function takeAlong(): Along {
  const sent = live.peek().filter(({ id }) => id !== null);
  const filesId = searchedFiles.peek();
  set(draftKey.peek(), []);
  return {
    pictures: sent.filter(({ kind }) => kind === "picture").map(attachmentOf),
    files: sent.filter(({ kind }) => kind === "file").map(attachmentOf),
    filesId,
  };
}

/** Put back what went with a question that was not sent. */
export function putBack(along: Along, draft: string = draftKey.peek()): void {
  set(draft, [...attachedOf(along), ...(lists.peek()[draft] ?? [])]);
}

keepAlong({
  putBack: (draft, along) => putBack(along, draft),
  keepForNextPage: (kept) => {
    const all = { ...lists.peek() };
    for (const { key, along } of kept) all[key] = [...(all[key] ?? []), ...attachedOf(along)];
    store(all);
  },
});

export type { Attached };

const attachmentOf = ({ kind, id, name, size }: Attached): Attachment => ({
  kind,
  id: id ?? "",
  name,
  media_type: "",
  size_bytes: size,
});

function change(draft: string, key: number, changes: Partial<Attached>): void {
  const list = lists.peek()[draft] ?? [];
  if (!list.some((one) => one.key === key)) return;
  set(
    draft,
    list.map((one) => (one.key === key ? { ...one, ...changes } : one)),
  );
  if (changes.problem) announce(`${list.find((one) => one.key === key)?.name}: ${changes.problem}`);
}

function set(draft: string, list: readonly Attached[]): void {
  const { [draft]: _, ...rest } = lists.peek();
  lists.value = list.length === 0 ? rest : { ...rest, [draft]: list };
  store(lists.peek());
}

/** Go on looking at the files of drafts that an earlier page began. */
export function runAttachments(): void {
  for (const [draft, list] of Object.entries(lists.peek()))
    for (const { filesId, isBeingRead } of list) if (filesId !== null && isBeingRead) watch(draft, filesId);
}
