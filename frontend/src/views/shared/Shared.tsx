/** Show a chat that somebody shares by a link; nothing can be changed in it. */

import { useEffect, useState } from "preact/hooks";
import { Problem, unreachable } from "../../api/http";
import { followShared, type SharedChat, type SharedMessage } from "../../api/mine";
import type { Citation } from "../../events";
import { t } from "../../language/t";
import { messageOf } from "../../state/notices";
import { homePath } from "../../state/route";
import { isSourceOpen, openSource, sourceOfCitation } from "../../state/sources";
import { moment } from "../account/moments";
import "../app/app.css";
import { Sign } from "../icons";
import { Markdown } from "../markdown/Markdown";
import { SignIn, SignInFrame } from "../sign-in/SignIn";
import { placeOf } from "../sources/place";
import { Sources } from "../sources/Sources";
import "../thread/thread.css";
import "./shared.css";

const RETRY_MILLISECONDS = 2_000;

export function Shared() {
  const secret = useSecret();
  const [chat, setChat] = useState<SharedChat | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isLost, setLost] = useState(false);
  useEffect(() => {
    const leaving = new AbortController();
    setProblem(null);
    setChat(null);
    follow(leaving.signal, secret, setChat, setLost).catch((error: unknown) => {
      if (leaving.signal.aborted) return;
      setChat(null);
      setProblem(error instanceof Problem ? error : new Problem(0, "", messageOf(error)));
    });
    return () => leaving.abort();
  }, [secret]);
  useEffect(() => {
    document.title = `${chat?.title ?? t("Shared chat")} · Hubbub`;
  }, [chat?.title]);
  if (problem?.code === "not_signed_in") return <SignIn />;
  if (problem !== null) {
    return (
      <SignInFrame title={t("Nothing is shared here")}>
        <p role="alert">{problem.message}</p>
        <a class="link-button" href={homePath}>
          {t("Go to Hubbub")}
        </a>
      </SignInFrame>
    );
  }
  return (
    <div class="app">
      <div class="page">
        <header class="topbar">
          <Sign />
          <h1 class="topbar-title" dir="auto">
            {chat?.title ?? t("Shared chat")}
          </h1>
          <a class="button" href={homePath}>
            {t("Open Hubbub")}
          </a>
        </header>
        <main id="main" class="shared" tabIndex={-1} aria-busy={chat === null}>
          <div class="thread-column">
            {isLost && (
              <p class="shared-note" role="status">
                {unreachable().message}
              </p>
            )}
            {chat && <About chat={chat} />}
            {chat?.messages.map((message, place) =>
              message.role === "assistant" ? (
                <Answer key={place} message={message} />
              ) : (
                <article key={place} class="question" aria-label={t("Question")}>
                  <h2 class="visually-hidden">{t("Question")}</h2>
                  <p class="question-text" dir="auto">
                    {message.text}
                  </p>
                </article>
              ),
            )}
          </div>
        </main>
      </div>
      {isSourceOpen.value && <Sources />}
    </div>
  );
}

/** Follow a link for as long as it opens something; a connection that breaks is made again, and it is told of. */
async function follow(
  signal: AbortSignal,
  secret: string,
  take: (chat: SharedChat) => void,
  lost: (isLost: boolean) => void,
): Promise<void> {
  for (;;) {
    try {
      await followShared(signal, secret, (chat) => {
        lost(false);
        take(chat);
      });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Problem && !error.isUnreachable && error.status < 500) throw error;
      lost(true);
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
    signal.throwIfAborted();
  }
}

/** What stands behind the # of the address. */
function useSecret(): string {
  const [secret, setSecret] = useState(location.hash.slice(1));
  useEffect(() => {
    const changed = () => setSecret(location.hash.slice(1));
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return secret;
}

function About({ chat }: { chat: SharedChat }) {
  const whose = chat.owner_name ? t("Shared by {owner_name}", { owner_name: chat.owner_name }) : t("A shared chat");
  return (
    <p class="shared-about">
      {whose} · {chat.follows ? t("as it is now") : t("as it was on {moment}", { moment: moment(chat.made_at) })}
    </p>
  );
}

function Answer({ message }: { message: SharedMessage }) {
  const cite = (marker: number) => {
    const citation = message.citations.find((one) => one.marker === marker);
    if (citation) openSource(sourceOfCitation(citation));
  };
  const references = message.citations.map(({ marker, title, name }) => ({ marker, title: title || name }));
  const isOpen = message.state === "open";
  return (
    <article class="answer" aria-label={t("Answer")} aria-busy={isOpen}>
      <h2 class="visually-hidden">{t("Answer")}</h2>
      {message.is_quoted && <p class="answer-way">{t("Quoted from documents, not written by a model")}</p>}
      {message.text && <Markdown text={message.text} references={references} isGrowing={isOpen} cite={cite} />}
      {isOpen && !message.text && <p class="progress">{t("The answer is on its way")}</p>}
      {message.state === "failed" && <p class="shared-note">{t("The answer broke off.")}</p>}
      {message.state === "stopped" && <p class="shared-note">{t("The answer ends here.")}</p>}
      {message.citations.length > 0 && (
        <ol class="shared-cited" aria-label={t("Cited sources")}>
          {message.citations.map((citation) => (
            <Cited key={citation.marker} citation={citation} isQuotedAbove={message.is_quoted} />
          ))}
        </ol>
      )}
    </article>
  );
}

function Cited({ citation, isQuotedAbove }: { citation: Citation; isQuotedAbove: boolean }) {
  return (
    <li>
      <button type="button" class="cited-source" onClick={() => openSource(sourceOfCitation(citation))}>
        <span class="cited-marker">{citation.marker}</span>
        <span class="cited-title" dir="auto">
          {citation.title || citation.name}
        </span>
        <span class="cited-page">{placeOf(citation)}</span>
      </button>
      {citation.quote && !isQuotedAbove && (
        <blockquote class="shared-quote" dir="auto">
          {citation.quote}
        </blockquote>
      )}
    </li>
  );
}
