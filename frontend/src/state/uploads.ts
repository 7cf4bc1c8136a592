/** Keep the files that are on their way into a collection, until they can be asked about. */

import { computed, signal } from "@preact/signals";
import * as hubbub from "../api/hubbub";
import type { Collection, Document } from "../api/resources";
import { omissionOf } from "../language/problems";
import { plural, t } from "../language/t";
import { answerOf } from "./answers";
import { documents, forgetNames, note, untilRead, whyFailed } from "./documents";
import { refusalOf } from "./kinds";
import { chooseCollections, chosenCollections } from "./library";
import { announce, isAbort, messageOf, tell } from "./notices";
import { me } from "./session";
import { path } from "./thread";

export interface Upload {
  id: number;
  name: string;
  collectionId: string;
  /** The part that is sent, 0 to 1. */
  sent: number;
  /** The record of the document once the server has the file. */
  documentId: string | null;
  problem: string | null;
}

/** What is shown of an upload. */
export interface Progress {
  label: string;
  /** 0 to 1; null where nobody knows. */
  part: number | null;
  isOver: boolean;
  isFault: boolean;
}

const AT_ONCE = 2;
let count = 0;
const running = new AbortController();

export const uploads = signal<readonly Upload[]>([]);
export const areUploadsShown = signal(false);
/** Files that were dropped or picked and still need a collection. */
export const picked = signal<readonly File[]>([]);

export const isUploading = computed(() => uploads.value.some((upload) => !progressOf(upload).isOver));

/** The documents that the newest answer has found something in: they have been read, whatever was last heard of them. */
const foundIn = computed<ReadonlySet<string>>(() => {
  const last = path.value.at(-1)?.message;
  return new Set(last?.role === "assistant" ? answerOf(last.id).value.hits.map((hit) => hit.document_id) : []);
});

/** How far an upload has come, the reading of the document included. */
export function progressOf(upload: Upload): Progress {
  if (upload.problem !== null) return { label: upload.problem, part: null, isOver: true, isFault: true };
  if (upload.documentId === null) {
    if (upload.sent === 0) return { label: t("Waiting to be sent"), part: 0, isOver: false, isFault: false };
    const percent = Math.round(upload.sent * 100);
    return { label: t("Sending, {percent} %", { percent }), part: upload.sent, isOver: false, isFault: false };
  }
  const document = documents.value.get(upload.documentId);
  if (document === undefined) return { label: t("Waiting to be read"), part: null, isOver: false, isFault: false };
  const isRead = document.state !== "waiting" && document.state !== "reading";
  if (!isRead && foundIn.value.has(document.id))
    return { label: t("Read; can be found by its words"), part: null, isOver: false, isFault: false };
  return documentProgress(document);
}

export function documentProgress(document: Document): Progress {
  switch (document.state) {
    case "waiting":
      return { label: t("Waiting to be read"), part: null, isOver: false, isFault: false };
    case "reading":
      return { label: t("Being read"), part: null, isOver: false, isFault: false };
    case "embedding": {
      const part = document.passages > 0 ? document.embedded / document.passages : null;
      // Rounded down, so that it says 100 % only when all are done.
      const percent = part === null ? "" : ` (${Math.floor(part * 100)} %)`;
      const label = t("Can be found by its words; meanings {embedded} of {passages}{percent}", {
        embedded: document.embedded,
        passages: document.passages,
        percent,
      });
      return { label, part, isOver: false, isFault: false };
    }
    case "ready":
      return { label: readyLabel(document), part: 1, isOver: true, isFault: false };
    case "failed":
      return { label: whyFailed(document) || t("Could not be read"), part: null, isOver: true, isFault: true };
  }
}

/** Whether something of a document was not read. */
export const isInPart = ({ completeness }: Document): boolean => completeness.omitted.length > 0;

/** "Ready", or what was left out of a document that was read in part. */
function readyLabel(document: Document): string {
  const missing = document.completeness.omitted.map(omissionOf);
  return isInPart(document) ? t("Ready, but {omissions}", { omissions: missing.join("; ") }) : t("Ready");
}

/** How many of the files could not be added. */
export const failedUploads = computed(() => uploads.value.filter((upload) => progressOf(upload).isFault).length);

/** Send files into a collection, a few at a time, and choose it for the next question. */
export async function startUploads(collection: Collection, files: readonly File[]): Promise<void> {
  const { document_bytes: mostBytes, document_suffixes: suffixes } = me.peek()?.limits ?? {
    document_bytes: Number.POSITIVE_INFINITY,
    document_suffixes: [],
  };
  const added = await Promise.all(
    files.map(async (file) => ({
      file,
      upload: newUpload(collection.id, file, await refusalOf(file, suffixes, mostBytes)),
    })),
  );
  uploads.value = [
    ...uploads.value.filter((upload) => !progressOf(upload).isOver),
    ...added.map(({ upload }) => upload),
  ];
  areUploadsShown.value = true;
  const queue = added.filter(({ upload }) => upload.problem === null);
  if (queue.length === 0) return announce(t("None of these files can be read."));
  if (!chosenCollections.peek().includes(collection.id))
    chooseCollections([...chosenCollections.peek(), collection.id]);

  addEventListener("beforeunload", warn);
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await sendOne(next.upload, next.file);
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    if (!isSending()) removeEventListener("beforeunload", warn);
    forgetNames();
    const sent = uploads.peek().filter(({ collectionId }) => collectionId === collection.id);
    await untilRead(running.signal, collection.id, [...new Set(sent.flatMap(({ documentId }) => documentId ?? []))]);
    announce(summary(collection));
  } catch (error) {
    tell(error);
  }
}

const isSending = () => uploads.peek().some(({ documentId, problem }) => documentId === null && problem === null);

/** Have the browser ask before it leaves the page: what was not sent yet would be lost. */
function warn(event: Event): void {
  if (isSending()) event.preventDefault();
}

/** What became of the files that went into a collection. */
function summary(collection: Collection): string {
  const all = uploads.peek().filter((upload) => upload.collectionId === collection.id);
  const failed = all.filter((upload) => progressOf(upload).isFault).length;
  if (failed === 0) return t("The documents in {name} are ready.", { name: collection.name });
  return plural(
    all.length,
    "{failed} of {count} file could not be added to {name}.",
    "{failed} of {count} files could not be added to {name}.",
    { failed, name: collection.name },
  );
}

function newUpload(collectionId: string, file: File, problem: string | null): Upload {
  return { id: ++count, name: file.name, collectionId, sent: 0, documentId: null, problem };
}

async function sendOne(upload: Upload, file: File): Promise<void> {
  try {
    const document = await hubbub.putDocument(running.signal, upload.collectionId, file, (sent) =>
      change(upload.id, { sent }),
    );
    note([document]);
    change(upload.id, { sent: 1, documentId: document.id });
  } catch (error) {
    if (!isAbort(error)) change(upload.id, { problem: messageOf(error) });
  }
}

function change(id: number, changes: Partial<Upload>): void {
  uploads.value = uploads.value.map((upload) => (upload.id === id ? { ...upload, ...changes } : upload));
}

/** Put the files on their way out of sight; they go on. */
export function hideUploads(): void {
  areUploadsShown.value = false;
}
