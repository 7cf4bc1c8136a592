/** Say in words for whom a link is, and until when. */

import type { ChatLink } from "../../api/mine";
import { me } from "../../state/session";
import { moment } from "../account/moments";

/** Everybody who is let in, where some sign in and where nobody does. */
export const insiders = () => `everybody who ${me.value?.can_sign_in ? "is signed in" : "can open this page"}`;

export function audienceOf({ audience, subjects }: ChatLink): string {
  if (audience === "everybody") return "anybody with the link";
  if (audience === "signed-in") return insiders();
  return subjects.length === 1 ? "one person or group" : `${subjects.length} persons or groups`;
}

export function aboutLink(link: ChatLink): string {
  const until = link.expires_at === null ? "until it is ended" : `until ${moment(link.expires_at)}`;
  return [`for ${audienceOf(link)}`, link.follows ? "follows the chat" : "as it was", until].join(" · ");
}
