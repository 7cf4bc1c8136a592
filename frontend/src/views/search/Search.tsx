/** Find passages and chats as one types, without a model. */

import { useEffect, useRef } from "preact/hooks";
import { t } from "../../language/t";
import {
  facets,
  foundChats,
  isSearching,
  type Kind,
  passages,
  runSearching,
  searchOn,
  searchProblem,
  shownKind,
} from "../../state/searching";
import { clearFilters, hasFilters, wanted } from "../../state/wanted";
import { Filters } from "./Filters";
import { ChatResult, PassageResult } from "./Result";
import "./search.css";

export function Search() {
  const running = useRef(new AbortController());
  useEffect(() => {
    runSearching(running.current.signal);
    return () => running.current.abort();
  }, []);
  const isOfPassages = shownKind.value === "passages";
  const shown = isOfPassages ? passages.value : foundChats.value;
  return (
    <>
      <div class="search-head">
        <div class="tabs search-tabs" role="group" aria-label={t("What is shown")}>
          <Tab kind="passages" label={t("Documents")} count={passages.value && countOf(facets.value.kinds)} />
          <Tab
            kind="chats"
            label={t("Chats")}
            count={foundChats.value?.found.length ?? null}
            hasMore={foundChats.value?.next != null}
          />
        </div>
      </div>
      <div class="search-body">
        {isOfPassages && <Filters />}
        <div class="search-found" aria-busy={isSearching.value}>
          <Note isEmpty={shown?.found.length === 0} />
          {isOfPassages && passages.value && passages.value.found.length > 0 && (
            <ul class="search-list" aria-label={t("Passages found")}>
              {passages.value.found.map((found) => (
                <PassageResult key={found.hit.passage_id} found={found} />
              ))}
            </ul>
          )}
          {!isOfPassages && foundChats.value && foundChats.value.found.length > 0 && (
            <ul class="search-list" aria-label={t("Chats with these words")}>
              {foundChats.value.found.map((place) => (
                <ChatResult key={place.chat.id} place={place} />
              ))}
            </ul>
          )}
          {shown?.next && (
            <button type="button" class="button search-more" onClick={() => searchOn(running.current.signal)}>
              {t("Show more")}
            </button>
          )}
        </div>
      </div>
    </>
  );
}

/** How many of the best passages there are, of all kinds that were chosen. */
function countOf(kinds: Readonly<Record<string, number>>): number {
  const chosen = wanted.value.kinds;
  return Object.entries(kinds).reduce(
    (sum, [kind, count]) => sum + (chosen.length === 0 || chosen.includes(kind) ? count : 0),
    0,
  );
}

interface TabProperties {
  kind: Kind;
  label: string;
  count: number | null;
  hasMore?: boolean;
}

function Tab({ kind, label, count, hasMore = false }: TabProperties) {
  return (
    <button
      type="button"
      class="tab"
      aria-pressed={shownKind.value === kind}
      onClick={() => {
        shownKind.value = kind;
      }}
    >
      {label} {count !== null && <span class="search-count">{hasMore ? `${count}+` : count}</span>}
    </button>
  );
}

/** Say why nothing is shown, if nothing is. */
function Note({ isEmpty }: { isEmpty: boolean }) {
  if (searchProblem.value !== null) {
    return (
      <p class="search-note" role="alert">
        {searchProblem.value}
      </p>
    );
  }
  const isFiltered = hasFilters.value && shownKind.value === "passages";
  return (
    <div class="search-note" role="status">
      {wanted.value.words.trim() === "" && (
        <p>{t("Type words: what holds them, or means the same, is found as you type.")}</p>
      )}
      {isSearching.value && isEmpty && <p>{t("Searching …")}</p>}
      {!isSearching.value && isEmpty && (
        <p>{isFiltered ? t("No document that you chose holds this.") : t("Nothing was found.")}</p>
      )}
      {!isSearching.value && isEmpty && isFiltered && (
        <button type="button" class="button" onClick={clearFilters}>
          {t("Search all documents")}
        </button>
      )}
    </div>
  );
}
