/** Let a text field be as high as its text; its style says how high at most. */

/** Whether the style alone does that: then nothing has to be laid out to find out how high it is. */
const isGrowing = typeof CSS !== "undefined" && CSS.supports("field-sizing", "content");

export function growWithText(field: HTMLTextAreaElement | null): void {
  if (field === null || isGrowing) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}
