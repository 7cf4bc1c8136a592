/** Say for whom a quota is, and where it comes from. */

import type { Over, Quota } from "../../api/quotas";
import { t } from "../../language/t";
import { type Known, nameOf } from "./PersonField";
import { when } from "./parts";

export const EACH = {
  server: t("All together"),
  group: t("Each group"),
  person: t("Each person"),
  key: t("Each key"),
} as const;
const NAMED = {
  server: (_: string) => EACH.server,
  group: (name: string) => t("The group {name}", { name }),
  person: (name: string) => t("The person {name}", { name }),
  key: (name: string) => t("The key {name}", { name }),
} as const;

export function whose({ scope, subject, name }: Quota, known: Known): string {
  if (subject === "") return EACH[scope];
  return NAMED[scope](name || (scope === "person" ? nameOf(subject, known) : subject));
}

export function sourceOf({ source, set_by, set_by_name, set_at }: Quota | Over): string {
  if (source === "settings" || set_at === null) return t("from the settings");
  const moment = when(set_at);
  const person = set_by_name || set_by;
  return person ? t("set by {person}, {moment}", { person, moment }) : t("set here, {moment}", { moment });
}
