/** Load what turns Markdown into HTML, when the first text is about to be shown. */

import { signal } from "@preact/signals";

type Renderer = typeof import("./render");

const loaded = signal<Renderer | null>(null);
let isAskedFor = false;

/** The renderer; null until it has come, which this asks for. */
export function renderer(): Renderer | null {
  loadRenderer();
  return loaded.value;
}

export function loadRenderer(): void {
  if (isAskedFor) return;
  isAskedFor = true;
  import("./render")
    .then((module) => {
      loaded.value = module;
    })
    .catch(() => {
      isAskedFor = false; // texts are shown as they were written; the next one asks again
    });
}
