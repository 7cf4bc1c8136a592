/** Keep the light or dark look: the system's, unless the person chose one. */

import { computed, signal } from "@preact/signals";

export type Theme = "light" | "dark";
const NAME = "hubbub.theme"; // also read by public/theme.js, as plain text

const wish = matchMedia("(prefers-color-scheme: dark)");
const system = signal<Theme>(wish.matches ? "dark" : "light");
wish.addEventListener("change", () => {
  system.value = wish.matches ? "dark" : "light";
});

const chosen = signal<Theme | null>((document.documentElement.dataset.theme as Theme | undefined) ?? null);

export const theme = computed<Theme>(() => chosen.value ?? system.value);

/** Change to the other look; choosing the system's own forgets the choice. */
export function switchTheme(): void {
  const next: Theme = theme.value === "dark" ? "light" : "dark";
  chosen.value = next === system.value ? null : next;
  if (chosen.value) document.documentElement.dataset.theme = chosen.value;
  else delete document.documentElement.dataset.theme;
  try {
    if (chosen.value) localStorage.setItem(NAME, chosen.value);
    else localStorage.removeItem(NAME);
  } catch {
    // No storage: it holds until the page is closed.
  }
}
