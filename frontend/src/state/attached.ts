/** Say what is kept of a picture or file that is to go with a question, and store it for a page that is loaded anew. */

import { t } from "../language/t";
import type { Along } from "./along";
import { storable } from "./drafts";

export interface Attached {
  key: number;
  kind: "picture" | "file";
  name: string;
  size: number;
  /** Of the picture, or of the document, once the server has it. */
  id: string | null;
  /** What takes the file. */
  filesId: string | null;
  /** The part that is sent, 0 to 1. */
  sent: number;
  /** The document is still being read. */
  isBeingRead: boolean;
  /** Why it will not go with the question. */
  problem: string | null;
}

const NAME = "hubbub.attached";
const LOST = t("The page was loaded anew before this was sent. Add it again.");

let count = 0;

export const newKey = (): number => ++count;

/** What went with a question, to go with another one. */
export const attachedOf = ({ pictures, files, filesId }: Along): Attached[] =>
  [...pictures, ...files].map((one) => ({
    key: newKey(),
    kind: one.kind,
    name: one.name,
    size: one.size_bytes,
    id: one.id,
    filesId: one.kind === "file" ? filesId : null,
    sent: 1,
    isBeingRead: false,
    problem: null,
  }));

export function store(all: Readonly<Record<string, readonly Attached[]>>): void {
  try {
    sessionStorage.setItem(NAME, JSON.stringify(storable(all)));
  } catch {
    // No room: they live in memory only.
  }
}

export function stored(): Record<string, Attached[]> {
  try {
    const kept: Record<string, Attached[]> = JSON.parse(sessionStorage.getItem(NAME) ?? "{}");
    for (const list of Object.values(kept))
      for (const one of list) {
        one.key = newKey();
        if (one.id === null) one.problem ??= LOST;
      }
    return kept;
  } catch {
    return {};
  }
}
