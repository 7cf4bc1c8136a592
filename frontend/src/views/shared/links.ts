/** Say in words for whom a link is, and until when. */

import type { ChatLink } from "../../api/mine";
import { plural, t } from "../../language/t";
import { me } from "../../state/session";
import { moment } from "../account/moments";

/** Everybody who is let in, where some sign in and where nobody does. */
export const insiders = () =>
  me.value?.can_sign_in ? t("everybody who is signed in") : t("everybody who can open this page");

export function audienceOf({ audience, subjects }: ChatLink): string {
  if (audience === "everybody") return t("anybody with the link");
  if (audience === "signed-in") return insiders();
  return plural(subjects.length, "one person or group", "{count} persons or groups");
}

export function aboutLink(link: ChatLink): string {
  const until =
    link.expires_at === null ? t("until it is ended") : t("until {moment}", { moment: moment(link.expires_at) });
  return [
    t("for {audience}", { audience: audienceOf(link) }),
    link.follows ? t("follows the chat") : t("as it was"),
    until,
  ].join(" · ");
}
