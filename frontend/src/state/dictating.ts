/** Turn speech into text where the browser can; what was understood goes to the end of the draft. */

import { signal } from "@preact/signals";
import { t } from "../language/t";
import { draft, setDraft } from "./drafts";
import { notify } from "./notices";

interface Understood {
  resultIndex: number;
  results: ArrayLike<{ isFinal: boolean; 0: { transcript: string } }>;
}

interface Recognition {
  continuous: boolean;
  interimResults: boolean;
  onresult: ((event: Understood) => void) | null;
  onerror: ((event: { error: string }) => void) | null;
  onend: (() => void) | null;
  start(): void;
  stop(): void;
}

type Maker = new () => Recognition;
const known = globalThis as unknown as { SpeechRecognition?: Maker; webkitSpeechRecognition?: Maker };
const Known = known.SpeechRecognition ?? known.webkitSpeechRecognition;

export const canDictate = Known !== undefined;
export const isDictating = signal(false);

const PROBLEMS: Readonly<Record<string, string>> = {
  "not-allowed": t(
    "The browser does not let this page use the microphone. Allow it in the browser’s settings of this site.",
  ),
  "audio-capture": t("No microphone was found."),
  network: t("The browser could not reach what turns speech into text."),
};

let running: Recognition | null = null;

export function startDictating(): void {
  if (Known === undefined || running !== null) return;
  const recognition = new Known();
  recognition.continuous = true;
  recognition.interimResults = false;
  recognition.onresult = ({ resultIndex, results }) => {
    const said = Array.from(results)
      .slice(resultIndex)
      .filter(({ isFinal }) => isFinal);
    const text = said.map((one) => one[0].transcript.trim()).join(" ");
    const before = draft.peek();
    if (text !== "") setDraft(before === "" || /\s$/.test(before) ? before + text : `${before} ${text}`);
  };
  recognition.onerror = ({ error }) => {
    const text = PROBLEMS[error];
    if (text !== undefined) notify(text, { isFault: true });
  };
  recognition.onend = () => {
    running = null;
    isDictating.value = false;
  };
  running = recognition;
  isDictating.value = true;
  recognition.start();
}

export function stopDictating(): void {
  running?.stop();
}
