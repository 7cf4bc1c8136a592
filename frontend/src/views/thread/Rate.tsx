/** Say whether an answer is good, with a comment if one likes. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Message } from "../../api/resources";
import { t } from "../../language/t";
import { rate } from "../../state/ratings";
import { Icon } from "../icons";
import { isComposing } from "../keys";

export function Rate({ message }: { message: Message }) {
  const rating = message.rating ?? null;
  const [isCommenting, setCommenting] = useState(false);
  const choose = (isGood: boolean) => {
    if (rating?.is_good === isGood) {
      setCommenting(false);
      rate(message, null);
    } else {
      setCommenting(true);
      rate(message, { is_good: isGood, comment: rating?.comment ?? "" });
    }
  };
  return (
    <>
      {[true, false].map((isGood) => (
        <button
          key={String(isGood)}
          type="button"
          class={`icon-button ${rating?.is_good === isGood ? "is-on" : ""}`}
          aria-label={isGood ? t("Good answer") : t("Bad answer")}
          aria-pressed={rating?.is_good === isGood}
          title={isGood ? t("Good answer") : t("Bad answer")}
          onClick={() => choose(isGood)}
        >
          <Icon name={isGood ? "good" : "bad"} size={18} />
        </button>
      ))}
      {isCommenting && rating && <Comment message={message} over={() => setCommenting(false)} />}
    </>
  );
}

function Comment({ message, over }: { message: Message; over: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  const submit = (event: Event) => {
    event.preventDefault();
    const comment = field.current?.value.trim() ?? "";
    if (message.rating) rate(message, { ...message.rating, comment });
    over();
  };
  return (
    <form
      class="comment"
      aria-label={t("Comment")}
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || isComposing(event)) return;
        event.preventDefault();
        over();
      }}
    >
      <label>
        <span class="comment-label">
          {message.rating?.is_good ? t("What is good about it?") : t("What is wrong about it?")}
        </span>
        <input ref={field} class="field" maxLength={4000} defaultValue={message.rating?.comment ?? ""} />
      </label>
      <button type="submit" class="button is-primary">
        {t("Send")}
      </button>
      <button type="button" class="button" onClick={over}>
        {t("No comment")}
      </button>
      <p class="comment-note">{t("Who runs this server sees the rating with the question and the answer.")}</p>
    </form>
  );
}
