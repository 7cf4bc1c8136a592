/** What a tab and the worker that all tabs share say to each other. */

import type { NumberedEvent } from "../events";

/** `key` names one following of a tab's. */
export type ToWorker =
  | { kind: "follow"; key: number; answerId: string; after: number }
  | { kind: "leave"; key: number }
  | { kind: "ping" }
  | { kind: "bye" };

export type ToTab =
  | { kind: "events"; key: number; events: NumberedEvent[] }
  | { kind: "over"; key: number }
  | { kind: "failed"; key: number; problem: { status: number; code: string; message: string } }
  | { kind: "reachable"; isReachable: boolean }
  | { kind: "pong" };
