/** Bring along chats that were kept elsewhere. */

import type { ReasonValues } from "../language/t";
import { upload } from "./http";

/** What is to be said of a chat, by its title; of the file where there is none. */
export interface ImportRemark {
  title: string;
  text: string;
  reason: string;
  values: ReasonValues;
}

/** What came of a file. */
export interface Imported {
  chats: readonly { id: string; title: string; messages: number }[];
  already_there: number;
  /** Chats that were not imported, and why. */
  left_out: readonly ImportRemark[];
  /** What of the imported ones is not here. */
  remarks: readonly ImportRemark[];
}

export const importChats = (signal: AbortSignal, file: Blob, progress: (part: number) => void): Promise<Imported> =>
  upload(signal, "POST", "/api/chats/import", file, progress);
