/** The shapes that the server's JSON has. Times are seconds since the epoch. */

import type { Answer, Hit } from "../events";
import type { Omission, Reason } from "../language/problems";
import type { AskedAssistant } from "./assistants";
import type { Right } from "./rights";

export interface Me {
  person: { id: string; name: string; is_signed_in: boolean; is_operator: boolean };
  /** Whether the settings say that everybody is let in, without signing in. */
  is_open_to_everybody: boolean;
  can_sign_in: boolean;
  /** Whether you may add documents by URL. */
  can_add_by_url: boolean;
  /** Whether the operators' pages are there for them. */
  may_operate: boolean;
  version: string;
  /** Whether what people use is bounded. */
  has_quotas: boolean;
  limits: {
    question_characters: number;
    document_bytes: number;
    picture_bytes: number;
    document_suffixes: readonly string[];
  };
}

export interface Model {
  name: string;
  provider: string;
  context_tokens: number;
  /** Whether it writes answers over documents; if not, passages are quoted instead. */
  can_ground: boolean;
  /** Whether it can be shown pictures. */
  reads_images: boolean;
  /** How hard it thinks where nothing is said; empty where it is not asked to think. */
  reasoning_effort: string;
  reason: string;
}

/** What was given for a collection, and whether you may give to everybody. */
export interface Given {
  grants: Grant[];
  may_give_to_all: boolean;
}

/** A right, and who has it: everybody, signed-in, person:ID, group:ID, or claim:PROVIDER/NAME. */
export interface Grant {
  subject: string;
  right: Right;
  /** What a group is called, where you know it. */
  name?: string;
}

export interface Group {
  id: string;
  name: string;
}

export interface Collection {
  id: string;
  name: string;
  description: string;
  is_shared: boolean;
  /** Whether you manage it. */
  is_mine: boolean;
  /** What you may do with it; each includes those before it. */
  right: Right;
  documents: number;
  passages: number;
  embedded: number;
}

export type DocumentState = "waiting" | "reading" | "embedding" | "ready" | "failed";

export interface Completeness {
  characters: number;
  held: number;
  omitted: readonly Omission[];
  /** What was recognised on pictures of pages, if anything was. */
  ocr?: ReadByOcr | null;
  /** Why it failed; its `reason` says it in English. */
  why?: readonly Reason[];
}

export interface ReadByOcr {
  pages: number;
  of: number;
  /** In percent, the mean of the pages. */
  confidence: number;
  lowest: number;
  /** What read them: "OCR", "a model" … */
  by?: string;
  /** "page" or "picture". */
  what?: string;
}

export interface Document {
  id: string;
  collection_id: string;
  name: string;
  title: string;
  media_type: string;
  size_bytes: number;
  state: DocumentState;
  reason: string;
  pages: number;
  passages: number;
  embedded: number;
  added_at: number;
  completeness: Completeness;
  /** Whether some alone may see it, of those who may see its collection. */
  is_restricted: boolean;
}

export interface Passage {
  id: string;
  document_id: string;
  number: number;
  text: string;
  page: number | null;
  heading: string;
}

export interface Chat {
  id: string;
  owner_id: string;
  title: string;
  created_at: number;
  updated_at: number;
  is_pinned: boolean;
  is_archived: boolean;
  /** Empty: it is in none. */
  folder: string;
  is_temporary: boolean;
  /** The collection of the files that were sent in it; empty: there are none. */
  files_id: string;
  instructions: string;
  assistant_id?: string;
}

/** How a chat is to be kept; what is not given stays. */
export interface ChatChanges {
  title?: string;
  is_pinned?: boolean;
  is_archived?: boolean;
  folder?: string;
  instructions?: string;
}

/** Which chats are listed. */
export interface Which {
  kept?: "usual" | "pinned" | "archived";
  folder?: string;
}

export interface Folder {
  name: string;
  chats: number;
}

/** A picture or a file that was sent with a question. */
export interface Attachment {
  kind: "picture" | "file";
  id: string;
  name: string;
  media_type: string;
  size_bytes: number;
}

export interface Rating {
  is_good: boolean;
  comment: string;
}

export interface Prompt {
  id: string;
  name: string;
  /** Empty where one may see that it is there, and not use it. */
  text: string;
  updated_at: number;
  right: Right;
  is_mine: boolean;
  /** Raised with each change. */
  version: number;
}

/** A chat in which words were found, with the newest place where they stand. */
export interface FoundChat {
  chat: Chat;
  /** Null where they stand in the title alone. */
  message_id: string | null;
  role: "user" | "assistant" | null;
  created_at: number;
  text: string;
  /** From where to where in the text the words stand, in code points. */
  marks: readonly (readonly [number, number])[];
}

/** Which documents are searched: those that fulfil all of it. */
export interface SearchFilters {
  /** How names of files end, without the point. */
  kinds: readonly string[];
  /** A file's name; * stands for any characters. */
  name: string;
  /** Moments as RFC 3339 has them. */
  added_from: string | null;
  added_before: string | null;
}

export interface FoundPassage {
  hit: Hit;
  /** Where words of the query stand in the text, in code points. */
  highlights: readonly { start: number; end: number }[];
}

/** How many of the best passages are of each kind of file, and in each collection by its id. */
export interface Facets {
  kinds: Readonly<Record<string, number>>;
  collections: Readonly<Record<string, number>>;
}

export interface FoundPassages {
  results: readonly FoundPassage[];
  facets: Facets;
  next_cursor: string | null;
}

export interface Message {
  id: string;
  chat_id: string;
  parent_id: string | null;
  role: "user" | "assistant";
  text: string;
  created_at: number;
  model: string;
  collections: readonly string[];
  /**
   * `beside`: the answer to the same question that this one stands beside until one is kept; `imported_from`: where an
   * answer was made, if not here.
   */
  asked_with?: {
    attachments?: readonly Attachment[];
    beside?: string;
    assistant?: AskedAssistant;
    imported_from?: string;
  };
  answer?: Answer | null;
  rating?: Rating | null;
}

/** What a question, or asking one again, comes to. */
export interface Asked {
  chat: Chat;
  question: Message;
  answer: Message;
}

/** How a question is answered once more; what is not given is as it was. */
export interface Again {
  model?: string | null;
  collections?: readonly string[] | null;
  max_tokens?: number | null;
  thorough?: boolean;
  /** An answer that broke off: the new one begins with what it said. */
  continues?: string;
  /** The answer that the new one stands beside. */
  beside?: string;
  /** The same one may be sent again after a lost reply: it is made once. */
  answer_id?: string;
}

export interface Question {
  assistant: string | null;
  question_id: string;
  chat_id: string | null;
  parent_id: string | null;
  text: string;
  model: string | null;
  collections: readonly string[];
  /** The files of the chat, where they are to be searched. */
  files: string | null;
  attached: readonly string[];
  pictures: readonly string[];
  with_instructions: boolean;
  reasoning_effort: string | null;
  max_tokens: number | null;
  /** Whether the documents are searched several times. */
  thorough: boolean;
  is_temporary: boolean;
}
