/** Give the focus to an element at once, or as soon as it is drawn. */

export function focusOn(selector: string): void {
  const focus = () => {
    const element = document.querySelector<HTMLElement>(selector);
    element?.focus();
    return element !== null;
  };
  if (!focus()) requestAnimationFrame(focus); // the next key must not be lost, so waiting comes second
}

/** Give the focus to an element where what had it is gone, and nothing else has it since. */
export function focusIfLost(selector: string): void {
  if (document.activeElement === document.body) document.querySelector<HTMLElement>(selector)?.focus();
}
