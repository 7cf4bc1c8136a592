/** List one's assistants and shared ones, and make, change, share and delete them. */

import { useEffect, useState } from "preact/hooks";
import type { Assistant } from "../../api/assistants";
import { t } from "../../language/t";
import {
  areAssistantsShown,
  assistants,
  chooseAssistant,
  loadAssistants,
  removeAssistant,
} from "../../state/assistants";
import { thread } from "../../state/thread";
import { Confirm, Dialog } from "../dialog/Dialog";
import { focusOn } from "../focus";
import { Sharing } from "../library/Sharing";
import { ThingActions } from "../library/ThingActions";
import { AssistantForm } from "./AssistantForm";
import "./assistants.css";
import { aboutLeftOut } from "./leftOut";

export function Assistants() {
  /** What is written: an assistant, a new one (null), or nothing (undefined). */
  const [edited, setEdited] = useState<Assistant | null | undefined>(undefined);
  const [shared, setShared] = useState<Assistant | null>(null);
  const [doomed, setDoomed] = useState<Assistant | null>(null);
  useEffect(() => {
    loadAssistants();
  }, []);
  const close = () => {
    areAssistantsShown.value = false;
  };
  const ask = (one: Assistant) => {
    chooseAssistant(one.id);
    close();
    focusOn("#question");
  };
  if (edited !== undefined) {
    const key = edited ? `${edited.id} ${edited.version}` : "new";
    return <AssistantForm key={key} assistant={edited} edit={setEdited} over={() => setEdited(undefined)} />;
  }
  return (
    <Dialog title={t("Assistants")} close={close}>
      <p class="assistants-about">
        {t(
          "An assistant answers as it was told, by one model, from its collections. Whoever asks it sees no more than they may see anyway.",
        )}
      </p>
      {assistants.value === null && <p role="status">{t("Loading …")}</p>}
      {assistants.value?.length === 0 && <p class="assistants-about">{t("There are no assistants yet.")}</p>}
      {(assistants.value?.length ?? 0) > 0 && (
        <ul class="assistants-list" aria-label={t("Assistants")}>
          {assistants.value?.map((one) => (
            <li key={one.id}>
              <div class="assistants-name">
                <span dir="auto">{one.name}</span>
                <Details assistant={one} />
              </div>
              {one.right !== "see" && (
                <button
                  type="button"
                  class="button"
                  aria-label={t("Ask {name}", { name: one.name })}
                  disabled={!one.is_askable && !one.lacks_model}
                  onClick={() => ask(one)}
                >
                  {thread.value.chat === null ? t("Ask") : t("Ask here")}
                </button>
              )}
              <ThingActions
                thing={one}
                change={() => setEdited(one)}
                share={() => setShared(one)}
                remove={() => setDoomed(one)}
              />
            </li>
          ))}
        </ul>
      )}
      {shared && <Sharing kind="assistants" thing={shared} close={() => setShared(null)} />}
      {doomed && (
        <Confirm
          title={t("Delete the assistant “{name}”?", { name: doomed.name })}
          text={t("Chats with it stay and can be read. Whoever it is shared with can’t ask it any more.")}
          action={t("Delete")}
          confirm={() => removeAssistant(doomed.id)}
          close={() => setDoomed(null)}
        />
      )}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          {t("Close")}
        </button>
        <button type="button" class="button is-primary" onClick={() => setEdited(null)}>
          {t("New assistant")}
        </button>
      </div>
    </Dialog>
  );
}

function Details({ assistant }: { assistant: Assistant }) {
  const problem = aboutLeftOut(assistant);
  return (
    <>
      {assistant.description && (
        <span class="assistants-about" dir="auto">
          {assistant.description}
        </span>
      )}
      {!assistant.is_mine && <span class="assistants-about">{t("Shared with you")}</span>}
      {problem && <span class="assistants-about is-problem">{problem}</span>}
    </>
  );
}
