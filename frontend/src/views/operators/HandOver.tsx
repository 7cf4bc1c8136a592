/** Ask who gets a person's collections, assistants and prompts: on their own, or before the person is erased. */

import { useEffect, useState } from "preact/hooks";
import * as operators from "../../api/operators";
import { t } from "../../language/t";
import { tell } from "../../state/notices";
import { Dialog } from "../dialog/Dialog";
import { fullNameOf, idOf, type Known, PersonField } from "./PersonField";
import { number } from "./parts";

interface Properties {
  person: string;
  known: Known;
  erases: boolean;
  /** Called with who gets the things; "" where that is nobody. */
  confirm: (taker: string) => void;
  close: () => void;
}

export function HandOver({ person, known, erases, confirm, close }: Properties) {
  const [said, setSaid] = useState("");
  const [things, setThings] = useState<operators.ThingsToHandOver | null>(null);
  const taker = idOf(said, known);
  const name = fullNameOf(person, known);
  // Only whom the page knows is asked about: not each letter that is typed.
  const isKnown = known?.some(({ id }) => id === taker && id !== person);
  const asked = isKnown ? taker : "";
  useEffect(() => {
    const leaving = new AbortController();
    operators.thingsOf(leaving.signal, person, asked).then(setThings, (error) => {
      if (!leaving.signal.aborted) tell(error);
    });
    return () => leaving.abort();
  }, [person, asked]);
  const isNobody = said.trim() === "";
  return (
    <Dialog title={erases ? t("Erase this person?") : t("Hand over what this person has?")} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          confirm(taker);
          close();
        }}
      >
        {erases && (
          <p>
            {isNobody
              ? t(
                  "All that is kept of {person} is deleted: account, chats, collections with their documents, keys. It can’t be undone.",
                  { person: name },
                )
              : t("All else that is kept of {person} is deleted: account, chats, keys. It can’t be undone.", {
                  person: name,
                })}
          </p>
        )}
        <p>
          {t(
            "Collections with their documents, assistants and prompts of {person} can become somebody else’s. Whoever may use them still may. Chats are not handed over.",
            { person: name },
          )}
        </p>
        <PersonField
          label={erases ? t("Hand over to (e-mail or id; empty: nobody)") : t("Hand over to (e-mail or id)")}
          value={said}
          known={known}
          isNeeded={!erases}
          changed={setSaid}
        />
        <p role="status">
          {things !== null &&
            t(
              "Collections: {collections}, documents in them: {documents}, assistants: {assistants}, prompts: {prompts}",
              {
                collections: number(things.collections),
                documents: number(things.documents),
                assistants: number(things.assistants),
                prompts: number(things.prompts),
              },
            )}
        </p>
        {things?.exceeds_allowance && (
          <p class="is-bad">
            {t("That is more than this person may keep: they can add nothing until there is room again.")}
          </p>
        )}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={close}>
            {t("Cancel")}
          </button>
          <button type="submit" class="button is-danger" disabled={!(taker || (erases && isNobody))}>
            {erases ? t("Erase") : t("Hand over")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
