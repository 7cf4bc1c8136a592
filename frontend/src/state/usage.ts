/** Keep how far the quotas are used that hold for whoever is here; nothing is asked where none are set. */

import { computed, effect, signal } from "@preact/signals";
import type { Bound, Usage } from "../api/bounds";
import * as hubbub from "../api/hubbub";
import { inWords } from "../language/bounds";
import { capital, moment, whose } from "../language/quotas";
import { t } from "../language/t";
import { me } from "./session";
import { openAnswerId } from "./thread";

export const usage = signal<Usage | null>(null);

/** What to say of it; null while less than four fifths are used. */
export const usageNote = computed(() => (usage.value === null ? null : noteOf(usage.value, Date.now() / 1000)));

/** Look when the page opens, and whenever an answer begins or ends. */
export function watchUsage(signal: AbortSignal): () => void {
  return effect(() => {
    openAnswerId.value;
    if (me.value?.has_quotas !== true) return;
    hubbub.usage(signal).then(
      (found) => {
        usage.value = found;
      },
      () => {}, // it is only told in passing; a question says by itself that it is refused
    );
  });
}

export function noteOf({ bounds, over }: Usage, now: number): { text: string; isOver: boolean } | null {
  const reached = bounds.filter((bound) => bound.is_over && bound.resets_at > now);
  if (reached.length > 0) {
    const last = reached.reduce((one, other) => (other.resets_at > one.resets_at ? other : one));
    const then = over === null ? t("You can ask again then.") : t("Until then {over} answers.", { over });
    return {
      text: t("{whose} is used up: {text}. It begins anew {moment}. {then}", {
        whose: capital(whose(last)),
        text: inWords(last.text),
        moment: moment(last.resets_at, now),
        then,
      }),
      isOver: true,
    };
  }
  const near = bounds.filter((bound) => bound.is_near && bound.resets_at > now);
  if (near.length === 0) return null;
  const least = near.reduce((one, other) => (partOf(other) > partOf(one) ? other : one));
  const part = Math.floor(100 * partOf(least));
  return {
    text: t("{part} % of {whose} is used: {text}. It begins anew {moment}.", {
      part,
      whose: whose(least),
      text: inWords(least.text),
      moment: moment(least.resets_at, now),
    }),
    isOver: false,
  };
}

const partOf = (bound: Bound) => Number(bound.used) / Number(bound.limit);
