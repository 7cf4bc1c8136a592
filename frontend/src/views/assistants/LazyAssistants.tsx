/** Load the page for assistants when it is first opened. */

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { areAssistantsShown } from "../../state/assistants";
import { tell } from "../../state/notices";

export function LazyAssistants() {
  const [Assistants, setAssistants] = useState<ComponentType | null>(null);
  const isShown = areAssistantsShown.value;
  useEffect(() => {
    if (isShown && Assistants === null)
      import("./Assistants").then((loaded) => setAssistants(() => loaded.Assistants), tell);
  }, [isShown]);
  return isShown && Assistants ? <Assistants /> : null;
}
