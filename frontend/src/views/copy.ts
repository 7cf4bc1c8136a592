/** Put text on the clipboard, also where the page was not loaded over HTTPS. */

/** Returns whether it worked. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text); // plain HTTP has no clipboard object
  }
}

function copyBySelection(text: string): boolean {
  const before = document.activeElement as HTMLElement | null;
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const hasWorked = document.execCommand("copy");
  area.remove();
  before?.focus();
  return hasWorked;
}
