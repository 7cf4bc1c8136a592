/** Show one result of a search; it opens at the place, and can be asked about. */

import type { FoundChat, FoundPassage } from "../../api/resources";
import type { Hit } from "../../events";
import { t } from "../../language/t";
import { attachDocument } from "../../state/attachments";
import { collections } from "../../state/library";
import { chatPath, navigate } from "../../state/route";
import { openFound, source } from "../../state/sources";
import { newChat, openAt } from "../../state/thread";
import { focusOn } from "../focus";
import { excerptOf, Marked } from "../Marked";
import { pageName, placeOf } from "../sources/place";
import { Time } from "../thread/Time";

const EXCERPT_CHARACTERS = 360;

export function PassageResult({ found: { hit, highlights } }: { found: FoundPassage }) {
  const marks = highlights.map(({ start, end }) => [start, end] as const);
  const title = `title-${hit.passage_id}`;
  const isOpen = source.value?.passageId === hit.passage_id;
  return (
    <li class={`result ${isOpen ? "is-open" : ""}`}>
      <button type="button" class="result-open" onClick={() => openFound(hit)}>
        <span id={title} class="result-title" dir="auto">
          {hit.title || hit.name}
        </span>
        <span class="result-text" dir="auto">
          <Marked {...excerptOf(hit.text, marks, EXCERPT_CHARACTERS)} />
        </span>
      </button>
      <div class="result-foot">
        <Place hit={hit} />
        <button type="button" class="link-button" aria-describedby={title} onClick={() => askAbout(hit)}>
          {t("Ask about this")}
        </button>
      </div>
    </li>
  );
}

function Place({ hit }: { hit: Hit }) {
  const collection = collections.value?.find(({ id }) => id === hit.collection_id)?.name;
  const place = hit.page === null ? placeOf(hit) : pageName(hit.name, hit.page);
  const parts = [place, collection, hit.title !== "" && hit.title !== hit.name ? hit.name : ""].filter(Boolean);
  return (
    <span class="result-place" dir="auto">
      {parts.join(" · ")}
    </span>
  );
}

/** Begin a chat that searches this document alone. */
function askAbout({ document_id, name }: Hit): void {
  newChat();
  attachDocument({ id: document_id, name });
  focusOn("#question");
}

export function ChatResult({ place }: { place: FoundChat }) {
  const { chat, message_id } = place;
  const open = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab is the browser's business
    event.preventDefault();
    if (message_id) openAt(chat.id, message_id);
    else navigate(chatPath(chat.id));
  };
  return (
    <li class="result">
      <a class="result-open" href={chatPath(chat.id)} onClick={open}>
        <span class="result-title" dir="auto">
          {chat.title || t("Untitled")}
        </span>
        {message_id && (
          <span class="result-text" dir="auto">
            <Marked text={place.text} marks={place.marks} />
          </span>
        )}
      </a>
      <div class="result-foot">
        <span class="result-place">
          {place.role === "user" && `${t("You asked")} · `}
          <Time seconds={place.created_at} />
        </span>
      </div>
    </li>
  );
}
