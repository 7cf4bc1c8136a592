/** Show what goes with the next question: how far each has come, and why one will not. */

import { pictureAddress } from "../../api/hubbub";
import { t } from "../../language/t";
import { type Attached, attached, detach, pictureProblem } from "../../state/attachments";
import { Icon } from "../icons";
import { sizeText } from "../library/sizes";

export function Attachments() {
  if (attached.value.length === 0) return null;
  return (
    <>
      <ul class="attached" aria-label={t("Goes with the question")}>
        {attached.value.map((one) => (
          <li key={one.key} class={one.problem === null ? "attached-item" : "attached-item is-fault"}>
            {one.kind === "picture" && one.id !== null ? (
              <img class="attached-picture" src={pictureAddress(one.id)} alt="" />
            ) : (
              <Icon name={one.problem === null ? "file" : "warn"} size={18} />
            )}
            <span class="attached-text">
              <span class="attached-name" dir="auto">
                {one.name}
              </span>
              <span class="attached-state">{stateText(one)}</span>
            </span>
            <button
              type="button"
              class="icon-button"
              aria-label={t("Remove {name}", { name: one.name })}
              title={t("Remove")}
              onClick={() => detach(one.key)}
            >
              <Icon name="close" size={16} />
            </button>
            {one.problem === null && one.id === null && (
              <progress
                class="attached-bar"
                aria-label={t("Progress of {name}", { name: one.name })}
                max={1}
                value={one.sent}
              />
            )}
          </li>
        ))}
      </ul>
      {pictureProblem.value && (
        <p class="attached-problem" role="alert">
          {pictureProblem.value}
        </p>
      )}
    </>
  );
}

function stateText({ problem, id, sent, isBeingRead, kind, size }: Attached): string {
  if (problem !== null) return t("Will not be sent. {problem}", { problem });
  if (id === null)
    return sent === 0 ? t("Waiting to be sent") : t("Sending, {percent} %", { percent: Math.round(sent * 100) });
  if (isBeingRead) return t("Being read. You can ask already: the answer waits for it.");
  return `${kind === "picture" ? t("Picture") : t("Ready")} · ${sizeText(size)}`;
}
