/** Read keys as people mean them. */

const COMPOSING = 229; // Safari ends a composition before the key that confirms it, and only this number tells them apart

/** Whether a key belongs to an input method, which may use Enter and Escape to confirm or drop what is composed. */
export const isComposing = (event: KeyboardEvent) => event.isComposing || event.keyCode === COMPOSING;

export const isApple = /Mac|iPhone|iPad/.test(navigator.platform);
