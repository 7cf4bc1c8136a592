/** List the links by which others read one's chats; each can be ended. */

import { useState } from "preact/hooks";
import { Problem } from "../../api/http";
import * as mine from "../../api/mine";
import { t } from "../../language/t";
import { notify, tell } from "../../state/notices";
import { Confirm } from "../dialog/Dialog";
import { Pending, useLive } from "../live";
import { aboutLink } from "./links";

const never = new AbortController().signal;

/** One's links; none where chats can't be shared. */
const load = (signal: AbortSignal) =>
  mine.chatLinks(signal).catch((error: unknown) => {
    if (error instanceof Problem && error.status === 404) return { links: [] };
    throw error;
  });

export function SharedLinks() {
  const { value, problem, reload } = useLive(load, 0);
  const end = (link: mine.ChatLink) =>
    mine.endChatLink(never, link.id).then(() => {
      notify(t("The link opens nothing any more."));
      reload();
    }, tell);
  return (
    <section class="account-part">
      <h2>{t("Shared links")}</h2>
      {value === null && <Pending problem={problem} reload={reload} />}
      {value?.links.length === 0 && <p>{t("None of your chats is shared.")}</p>}
      <LinkList links={value?.links ?? []} end={end} hasTitle />
    </section>
  );
}

interface Properties {
  links: readonly mine.ChatLink[];
  end: (link: mine.ChatLink) => void;
  hasTitle?: boolean;
}

/** Links, each with the button that ends it once that was confirmed: nobody can be shown its address again. */
export function LinkList({ links, end, hasTitle = false }: Properties) {
  const [ending, setEnding] = useState<mine.ChatLink | null>(null);
  if (links.length === 0) return null;
  return (
    <>
      <ul class="account-list">
        {links.map((link) => (
          <li key={link.id}>
            <div>
              {hasTitle && (
                <span class="account-main" dir="auto">
                  {link.title}
                </span>
              )}
              <span class="account-soft">{aboutLink(link)}</span>
            </div>
            <button
              type="button"
              class="button"
              aria-label={t("End the link to {title}, {aboutLink}", { title: link.title, aboutLink: aboutLink(link) })}
              onClick={() => setEnding(link)}
            >
              {t("End")}
            </button>
          </li>
        ))}
      </ul>
      {ending && (
        <Confirm
          title={t("End the link to “{title}”?", { title: ending.title || t("Untitled") })}
          text={t("Who has it open sees nothing more at once. It can’t be undone: a new link has another address.")}
          action={t("End the link")}
          confirm={() => end(ending)}
          close={() => setEnding(null)}
        />
      )}
    </>
  );
}
