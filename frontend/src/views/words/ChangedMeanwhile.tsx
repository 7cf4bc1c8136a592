/** Let somebody choose between what they wrote and what somebody else made of the same thing meanwhile. */

import { useEffect, useRef } from "preact/hooks";
import { t } from "../../language/t";
import "./words.css";

interface Properties {
  name: string;
  text: string;
  keepMine: () => void;
  takeTheirs: () => void;
}

export function ChangedMeanwhile({ name, text, keepMine, takeTheirs }: Properties) {
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus(), []);
  return (
    <div class="words-meanwhile" role="alert">
      <p>{t("Somebody else changed this meanwhile. Theirs is now:")}</p>
      <p class="words-theirs" dir="auto">
        <strong>{name}</strong>
        {`\n${text}`}
      </p>
      <div class="words-actions">
        <button ref={first} type="button" class="button" onClick={takeTheirs}>
          {t("Take theirs")}
        </button>
        <button type="button" class="button" onClick={keepMine}>
          {t("Keep mine")}
        </button>
      </div>
    </div>
  );
}
