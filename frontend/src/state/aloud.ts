/** Read one text aloud at a time, with the voices of the browser. */

import { signal } from "@preact/signals";

/** What is being read; null while nothing is. */
export const reading = signal<string | null>(null);

export const canRead = typeof speechSynthesis !== "undefined";

/** Read a text, sentence by sentence: browsers cut long ones off. Whatever was being read ends. */
export function readAloud(id: string, text: string): void {
  stopReading();
  const sentences = sentencesOf(text);
  if (sentences.length === 0) return;
  reading.value = id;
  const next = (place: number) => {
    const sentence = sentences[place];
    if (reading.peek() !== id) return;
    if (sentence === undefined) {
      reading.value = null;
      return;
    }
    const spoken = new SpeechSynthesisUtterance(sentence);
    spoken.onend = () => next(place + 1);
    spoken.onerror = () => {
      if (reading.peek() === id) reading.value = null;
    };
    speechSynthesis.speak(spoken);
  };
  next(0);
}

export function stopReading(): void {
  if (reading.peek() === null) return;
  reading.value = null;
  speechSynthesis.cancel();
}

function sentencesOf(text: string): string[] {
  if (typeof Intl.Segmenter === "undefined") return text.split(/(?<=[.!?。！？])\s+|\n+/).filter((one) => one.trim());
  const segments = new Intl.Segmenter(undefined, { granularity: "sentence" }).segment(text);
  return [...segments].map(({ segment }) => segment.trim()).filter(Boolean);
}
