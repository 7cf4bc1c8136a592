/** Load the operators' pages when one is opened: most people never do. */

import { signal } from "@preact/signals";
import { tell } from "../../state/notices";

type Pages = typeof import("./Operators");

const loaded = signal<Pages | null>(null);
let isAskedFor = false;

export function OperatorsWhenLoaded({ section }: { section: string }) {
  if (!isAskedFor) {
    isAskedFor = true;
    import("./Operators").then(
      (module) => {
        loaded.value = module;
      },
      (error: unknown) => {
        isAskedFor = false;
        tell(error);
      },
    );
  }
  const Operators = loaded.value?.Operators;
  return Operators ? <Operators section={section} /> : <div class="operators" aria-busy="true" />;
}
