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

/** The path from the first question on: at each fork the child that was turned to, or else the way to the newest message. */
export function pathOf(messages: readonly Message[], turns: Turns): Step[] {
  const children = new Map<string, Message[]>();
  for (const message of messages) {
    const parent = message.parent_id ?? ROOT;
    const siblings = children.get(parent);
    if (siblings) siblings.push(message);
    else children.set(parent, [message]);
  }
  const newest = waysToNewest(messages);
  const path: Step[] = [];
  const seen = new Set<string>();
  let parent = ROOT;
  for (;;) {
    const siblings = children.get(parent) ?? [];
    const chosen = turns.get(parent);
    const message = siblings.find(({ id }) => id === chosen) ?? siblings.find(({ id }) => id === newest.get(parent));
    if (message === undefined || seen.has(message.id)) return path;
    seen.add(message.id);
    path.push({ message, siblings });
    parent = message.id;
  }
}

/** By parent, the child below which the newest message stands; messages come oldest first. */
function waysToNewest(messages: readonly Message[]): ReadonlyMap<string, string> {
  const known = new Map(messages.map((message) => [message.id, message]));
  const ways = new Map<string, string>();
  for (const message of messages.toReversed()) {
    for (let one: Message | undefined = message; one && !ways.has(one.parent_id ?? ROOT); ) {
      ways.set(one.parent_id ?? ROOT, one.id);
      one = known.get(one.parent_id ?? ROOT);
    }
  }
  return ways;
}
