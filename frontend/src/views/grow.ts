/** Let a text field be as high as its text; its style says how high at most. */

export function growWithText(field: HTMLTextAreaElement | null): void {
  if (field === null) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}
