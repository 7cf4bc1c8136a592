/** Keep one's prompts, and what models are told with each question. */

import { signal } from "@preact/signals";
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

/** Keep a prompt, new or changed; returns whether that worked. */
export async function keepPrompt(id: string | null, name: string, text: string): Promise<boolean> {
  try {
    const kept = await (id === null
      ? hubbub.makePrompt(never, name, text)
      : hubbub.changePrompt(never, id, name, text));
    prompts.value = [kept, ...(prompts.peek() ?? []).filter((one) => one.id !== kept.id)];
    return true;
  } catch (error) {
    tell(error);
    return false;
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
