/** Take what is to be found at once, and load what shows the results when it is first wanted. */

import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../../language/t";
import { tell } from "../../state/notices";
import { want, wanted } from "../../state/wanted";
import { Icon } from "../icons";
import { isComposing } from "../keys";
import "./search-box.css";

const MOST_CHARACTERS = 4000;

export function LazySearch() {
  const field = useRef<HTMLInputElement>(null);
  const [Search, setSearch] = useState<ComponentType | null>(null);
  useEffect(() => {
    field.current?.focus(); // what is typed meanwhile must not be lost
    import("./Search").then((loaded) => setSearch(() => loaded.Search), tell);
  }, []);
  return (
    <div class="search" onKeyDown={moveFocus}>
      <div class="search-box">
        <Icon name="search" />
        <input
          ref={field}
          id="search-words"
          type="search"
          class="search-field"
          aria-label={t("Search documents and chats")}
          placeholder={t("Search documents and chats")}
          autocomplete="off"
          enterkeyhint="search"
          dir="auto"
          maxLength={MOST_CHARACTERS}
          value={wanted.value.words}
          onInput={(event) => want({ words: event.currentTarget.value })}
        />
      </div>
      {Search && <Search />}
    </div>
  );
}

/** The arrows go from the words to the results and from one to the next. */
function moveFocus(event: KeyboardEvent): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const target = event.target as HTMLElement;
  if (step === 0 || isComposing(event) || !target.matches("#search-words, .result-open")) return;
  const all = [...document.querySelectorAll<HTMLElement>("#search-words, .result-open")];
  event.preventDefault();
  all[all.indexOf(target) + step]?.focus();
}
