/** Keep one's prompts, and what models are told with each question. */

import { signal } from "@preact/signals";
import { isChangedMeanwhile } from "../api/http";
import * as hubbub from "../api/hubbub";
import type { Prompt } from "../api/resources";
import { tell } from "./notices";

const never = new AbortController().signal;

/** Null until they are known. */
export const prompts = signal<readonly Prompt[] | null>(null);
export const instructions = signal("");
/** Whether the page for prompts and instructions is shown; with a text, a prompt of it is begun. */
export const areWordsShown = signal<{ draft: string } | null>(null);

export async function loadInstructions(signal: AbortSignal): Promise<void> {
  instructions.value = await hubbub.instructions(signal);
}

export async function loadPrompts(): Promise<void> {
  try {
    prompts.value = await hubbub.prompts(never);
  } catch (error) {
    tell(error);
  }
}

/** Keep a prompt, new or changed; returns it, what others changed it to meanwhile, or null where that failed. */
export async function keepPrompt(
  before: Prompt | null,
  name: string,
  text: string,
): Promise<{ kept: Prompt } | { theirs: Prompt } | null> {
  try {
    const kept = await (before === null
      ? hubbub.makePrompt(never, name, text)
      : hubbub.changePrompt(never, before.id, name, text, before.version));
    prompts.value = [kept, ...(prompts.peek() ?? []).filter((one) => one.id !== kept.id)];
    return { kept };
  } catch (error) {
    if (isChangedMeanwhile(error)) await loadPrompts();
    const theirs = isChangedMeanwhile(error) && prompts.peek()?.find((one) => one.id === before?.id);
    if (theirs) return { theirs };
    tell(error);
    return null;
  }
}

export async function removePrompt(id: string): Promise<void> {
  try {
    await hubbub.deletePrompt(never, id);
    prompts.value = (prompts.peek() ?? []).filter((one) => one.id !== id);
  } catch (error) {
    tell(error);
  }
}

/** Say what models are told with each question; returns whether that worked. */
export async function keepInstructions(text: string): Promise<boolean> {
  try {
    instructions.value = (await hubbub.putInstructions(never, text)).text;
    return true;
  } catch (error) {
    tell(error);
    return false;
  }
}
