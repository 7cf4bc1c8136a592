/** The words that the server and the page share: events of an answer, and what they add up to. Mirrors `hubbub/core`. */

export interface Hit {
  passage_id: string;
  document_id: string;
  collection_id: string;
  name: string;
  title: string;
  text: string;
  page: number | null;
  heading: string;
  score: number;
  category?: string;
  caption?: string;
  reranker_score?: number;
}

export interface Citation {
  marker: number;
  passage_id: string;
  document_id: string;
  name: string;
  title: string;
  page: number | null;
  heading: string;
  quote: string;
}

/** How an answer is made: free chat, written over hits, or quoted from hits. */
export type Way = "chat" | "grounded" | "quotes";

/** The first event of answers that are in no chat; the page has no use for it. */
export interface Asked {
  type: "asked";
  question: Readonly<Record<string, unknown>>;
  echo?: Readonly<Record<string, unknown>>;
}

export interface Queued {
  type: "queued";
  place: number;
  estimate_seconds: number | null;
}

export interface Started {
  type: "started";
  model: string;
  way: Way;
  reason?: string;
}

/** What a model was told; the page has no use for it. */
export interface Prompted {
  type: "prompted";
  purpose: "query" | "answer";
  model: string;
  turns: readonly Readonly<Record<string, unknown>>[];
}

export interface Searched {
  type: "searched";
  query: string;
  hits: readonly Hit[];
  /** Whether this is one search of several: what they found together comes once they are done. */
  is_step?: boolean;
}

/** One search of several for the same question, and how many passages it found. */
export interface SearchStep {
  query: string;
  found: number;
}

/** These documents can't be searched yet; the answer may wait for them. May come again: none are left then. */
export interface StillReading {
  type: "still_reading";
  names: readonly string[];
  has_more?: boolean;
  /** How much of each of them is read, 0 to 99; absent where that is not known of any. */
  percents?: readonly number[];
}

/** The model could not be given all that was said: so many of the earliest turns not at all, so many others in part or in a summary. */
export interface LeftOut {
  type: "left_out";
  turns?: number;
  shortened?: number;
  summarized?: number;
}

export interface Cited {
  type: "cited";
  citation: Citation;
}

export interface Text {
  type: "text";
  text: string;
}

export interface Reasoning {
  type: "reasoning";
  text: string;
}

/** All text so far was reasoning; the text begins anew. */
export interface Reclassified {
  type: "reclassified";
}

/** The model refuses to answer: the text that follows says so. */
export interface Declined {
  type: "declined";
}

/** What a model's server wants back with its text; the page has no use for it. */
export interface Attached {
  type: "attached";
  fields: Readonly<Record<string, unknown>>;
}

/** A piece of a call of a tool; the first of a call tells its id and name. */
export interface ToolCall {
  type: "tool_call";
  index: number;
  arguments?: string;
  id?: string;
  name?: string;
  extra?: Readonly<Record<string, unknown>>;
}

export interface FollowUps {
  type: "follow_ups";
  questions: readonly string[];
}

export interface Usage {
  type: "usage";
  prompt_tokens: number;
  completion_tokens: number;
  reasoning_tokens?: number;
  cached_tokens?: number;
}

/** Whose limit of length an answer ended at. */
export type LimitedBy = "model" | "setting" | "question";

export interface Done {
  type: "done";
  finish_reason: string;
  limited_by?: LimitedBy;
}

export interface Failed {
  type: "failed";
  code: string;
  message: string;
  is_retryable: boolean;
  retry_after_seconds?: number | null;
}

export interface Stopped {
  type: "stopped";
  reason: string;
  tokens_saved: number | null;
}

export type Event =
  | Asked
  | Queued
  | Started
  | Prompted
  | Searched
  | StillReading
  | LeftOut
  | Cited
  | Text
  | Reasoning
  | Reclassified
  | Declined
  | ToolCall
  | Attached
  | FollowUps
  | Usage
  | Done
  | Failed
  | Stopped;

/** A call of a tool that the model asks for. */
export interface Call {
  id: string;
  name: string;
  arguments: string;
  extra?: Readonly<Record<string, unknown>>;
}

export interface NumberedEvent {
  number: number;
  event: Event;
}

export type AnswerState = "open" | "done" | "failed" | "stopped";

/** What an answer is after its first `number` events. */
export interface Answer {
  id: string;
  number: number;
  state: AnswerState;
  text: string;
  model: string;
  way: Way;
  way_reason: string;
  place: number | null;
  estimate_seconds: number | null;
  query: string | null;
  hits: readonly Hit[];
  citations: readonly Citation[];
  follow_ups: readonly string[];
  usage: Usage | null;
  finish_reason: string | null;
  stop_reason: string | null;
  failure: Failed | null;
  reasoning: string;
  calls: readonly Call[];
  limited_by?: LimitedBy;
  left_out?: LeftOut;
  still_reading?: StillReading | undefined;
  /** The searches that were made, in order, where there were several. */
  steps?: readonly SearchStep[];
  /** How long the text was, in characters, when the model began to refuse. */
  declined_at?: number;
}
