/** Show a part of the page that is loaded when it is first shown: who never comes there never pays for it. */

import { signal } from "@preact/signals";
import type { ComponentChildren, ComponentType } from "preact";
import { tell } from "../state/notices";

/** A component in the place of the one that `load` brings; until that has come it shows `waiting`. */
export function lazy<Properties extends object>(
  load: () => Promise<ComponentType<Properties>>,
  waiting: ComponentChildren = null,
): (properties: Properties) => ComponentChildren {
  const loaded = signal<ComponentType<Properties> | null>(null);
  let isAskedFor = false;
  return (properties) => {
    const Part = loaded.value;
    if (Part !== null) return <Part {...properties} />;
    if (!isAskedFor) {
      isAskedFor = true;
      load().then(
        (part) => {
          loaded.value = part;
        },
        (error: unknown) => {
          isAskedFor = false; // whoever comes here next asks again
          tell(error);
        },
      );
    }
    return waiting;
  };
}
