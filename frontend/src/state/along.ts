/** What goes with a question besides its text. */

import type { Attachment } from "../api/resources";

export interface Along {
  pictures: readonly Attachment[];
  files: readonly Attachment[];
  filesId: string | null;
}
