/** Let the keyboard reach what has to be scrolled sideways, and no others. */

const labels = new WeakMap<Element, string>();

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const isWide = target.scrollWidth > target.clientWidth;
    if (isWide === target.hasAttribute("tabindex")) continue;
    const said = { tabindex: "0", role: "group", "aria-label": labels.get(target) ?? "" };
    for (const [name, value] of Object.entries(said))
      if (isWide) target.setAttribute(name, value);
      else target.removeAttribute(name);
  }
});

/** From now on, as long as the element is there; `label` is what a screen reader calls it. */
export function reach(element: Element | null, label: string): void {
  if (element === null || labels.has(element)) return;
  labels.set(element, label);
  sizes.observe(element);
}
