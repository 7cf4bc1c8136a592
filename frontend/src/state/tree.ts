/** Find the one path through a chat's tree of messages that is shown. */

import type { Message } from "../api/resources";

/** By parent (or `ROOT`), the child that the person has turned to. */
export type Turns = ReadonlyMap<string, string>;
export const ROOT = "";

export interface Step {
  message: Message;
  /** The message and its siblings, oldest first. */
  siblings: readonly Message[];
  /** The two answers that stand beside each other until one is kept, the message among them; else empty. */
  beside: readonly Message[];
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
    const kept = siblings.find(({ id }) => id === chosen);
    const message = kept ?? siblings.find(({ id }) => id === newest.get(parent));
    if (message === undefined || seen.has(message.id)) return path;
    seen.add(message.id);
    const beside = kept === undefined ? besideEachOther(message, siblings) : [];
    path.push({ message, siblings, beside: beside.some(({ id }) => children.has(id)) ? [] : beside });
    parent = message.id;
  }
}

/** The newest answer and the one that it was made to stand beside, each where it was; nothing where it stands alone. */
function besideEachOther(newest: Message, siblings: readonly Message[]): readonly Message[] {
  const otherOf = (one: Message) => siblings.find(({ id }) => id === one.asked_with?.beside);
  const other = otherOf(newest);
  if (other === undefined) return [];
  // One that was made again stands beside the same other one: the places alternate from the first answer on.
  let isRight = false;
  const seen = new Set<Message>();
  for (let one: Message | undefined = newest; one && !seen.has(one); one = otherOf(one)) {
    isRight = !isRight;
    seen.add(one);
  }
  return isRight ? [newest, other] : [other, newest];
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
