/** Load the page for prompts and instructions when it is first opened. */

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { tell } from "../../state/notices";
import { areWordsShown } from "../../state/prompts";

export function LazyWords() {
  const [Words, setWords] = useState<ComponentType | null>(null);
  const isShown = areWordsShown.value !== null;
  useEffect(() => {
    if (isShown && Words === null) import("./Words").then((loaded) => setWords(() => loaded.Words), tell);
  }, [isShown]);
  return isShown && Words ? <Words /> : null;
}
