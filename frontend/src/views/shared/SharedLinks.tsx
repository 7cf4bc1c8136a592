/** List the links by which others read one's chats; each can be ended. */

import { useEffect, useState } from "preact/hooks";
import * as mine from "../../api/mine";
import { t } from "../../language/t";
import { notify, tell } from "../../state/notices";
import { aboutLink } from "./links";

const never = new AbortController().signal;

export function SharedLinks() {
  const [found, setFound] = useState<mine.ChatLink[] | null>(null);
  const load = () => mine.chatLinks(never).then(({ links }) => setFound(links), tell);
  useEffect(() => {
    load();
  }, []);
  const end = (link: mine.ChatLink) =>
    mine.endChatLink(never, link.id).then(() => {
      notify(t("The link opens nothing any more."));
      return load();
    }, tell);
  return (
    <section class="account-part">
      <h2>{t("Shared links")}</h2>
      {found?.length === 0 && <p>{t("None of your chats is shared.")}</p>}
      <LinkList links={found ?? []} end={end} hasTitle />
    </section>
  );
}

interface Properties {
  links: readonly mine.ChatLink[];
  end: (link: mine.ChatLink) => void;
  hasTitle?: boolean;
}

export function LinkList({ links, end, hasTitle = false }: Properties) {
  if (links.length === 0) return null;
  return (
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
            onClick={() => end(link)}
          >
            {t("End")}
          </button>
        </li>
      ))}
    </ul>
  );
}
