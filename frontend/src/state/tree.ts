/** Find the one path through a chat's tree of messages that is shown. */

import type { Message } from "../api/resources";

/** By parent (or `ROOT`), the child that the person has turned to. */
export type Turns = ReadonlyMap<string, string>;
export const ROOT = "";

export interface Step {
  message: Message;
  /** The message and its siblings, oldest first. */
  siblings: readonly Message[];
}

/** The path from the first question on: at each fork the child that was turned to, or else the newest. */
export function pathOf(messages: readonly Message[], turns: Turns): Step[] {
  const children = new Map<string, Message[]>();
  for (const message of messages) {
    const parent = message.parent_id ?? ROOT;
    const siblings = children.get(parent);
    if (siblings) siblings.push(message);
    else children.set(parent, [message]);
  }
  const path: Step[] = [];
  const seen = new Set<string>();
  let parent = ROOT;
  for (;;) {
    const siblings = children.get(parent) ?? [];
    const chosen = turns.get(parent);
    const message = siblings.find((one) => one.id === chosen) ?? siblings.at(-1);
    if (message === undefined || seen.has(message.id)) return path;
    seen.add(message.id);
    path.push({ message, siblings });
    parent = message.id;
  }
}
