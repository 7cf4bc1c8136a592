/** Offer what a person may do with a thing in a list, by their right to it: change, share and delete. */

import { t } from "../../language/t";
import { Icon } from "../icons";

interface Props {
  thing: { name: string; right: string };
  change: () => void;
  share: () => void;
  remove: () => void;
}

export function ThingActions({ thing: { name, right }, change, share, remove }: Props) {
  const isManaged = right === "manage";
  return (
    <>
      {(right === "write" || isManaged) && <Action icon="pencil" label={t("Change {name}", { name })} act={change} />}
      {isManaged && <Action icon="external" label={t("Share “{name}”", { name })} act={share} />}
      {isManaged && <Action icon="bin" label={t("Delete {name}", { name })} act={remove} />}
    </>
  );
}

function Action({ icon, label, act }: { icon: "pencil" | "external" | "bin"; label: string; act: () => void }) {
  return (
    <button type="button" class="icon-button" aria-label={label} onClick={act}>
      <Icon name={icon} size={18} />
    </button>
  );
}
