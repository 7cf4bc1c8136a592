/** Tell of a file whether the server can read it, by its name and its first bytes, before it is sent. */

import { plural, t } from "../language/t";

const HEAD_BYTES = 4096;
const NAMED_SUFFIXES = 8;
const OLD_OFFICE = [0xd0, 0xcf, 0x11, 0xe0];

/** Why a file is not worth sending; null where it is. `suffixes` are those that the server knows. */
export async function refusalOf(file: File, suffixes: readonly string[], mostBytes: number): Promise<string | null> {
  if (file.size === 0) return t("The file is empty.");
  if (file.size > mostBytes)
    return t("Too large: files may have up to {number} MB.", { number: Math.floor(mostBytes / 1024 / 1024) });
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  if (OLD_OFFICE.every((byte, index) => head[index] === byte))
    return t(
      "This is Office’s format of before 2007, or encrypted. Save it as .docx, .xlsx or .pptx, without a password.",
    );
  const name = file.name.toLowerCase();
  if (suffixes.length === 0 || suffixes.some((suffix) => name.endsWith(suffix))) return null;
  const beginning = String.fromCharCode(...head.slice(0, 1024));
  if (beginning.includes("%PDF-") || beginning.startsWith("PK\u0003\u0004") || looksLikeText(head)) return null;
  const others =
    suffixes.length > NAMED_SUFFIXES
      ? plural(suffixes.length - NAMED_SUFFIXES, " and {count} more kind", " and {count} more kinds")
      : "";
  return t("Files of this kind can’t be read. Known are {kinds}{others}, and plain text.", {
    kinds: suffixes.slice(0, NAMED_SUFFIXES).join(", "),
    others,
  });
}

function looksLikeText(head: Uint8Array): boolean {
  const isUtf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  return isUtf16 || !head.includes(0);
}
