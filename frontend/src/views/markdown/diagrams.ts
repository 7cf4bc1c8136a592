/** Have diagrams drawn by a page of no origin, in a frame that nobody sees and that is loaded with the first one. */

import { t } from "../../language/t";

const PATIENCE_MILLISECONDS = 20_000;

let frame: Promise<Window> | null = null;
let count = 0;

/** The picture of a diagram as SVG. Throws where its source can't be understood, or the signal's reason. */
export async function draw(signal: AbortSignal, text: string, isDark: boolean): Promise<string> {
  frame ??= openFrame();
  const drawing = await frame;
  signal.throwIfAborted();
  const id = ++count;
  return new Promise((resolve, reject) => {
    const heard = ({ source, data }: MessageEvent) => {
      if (source !== drawing || data.id !== id) return;
      end();
      if (typeof data.svg === "string") resolve(data.svg);
      else reject(new Error(String(data.error)));
    };
    const end = () => {
      clearTimeout(timer);
      removeEventListener("message", heard);
      signal.removeEventListener("abort", abort);
    };
    const abort = () => {
      end();
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      end();
      reject(new Error(t("The diagram took too long.")));
    }, PATIENCE_MILLISECONDS);
    addEventListener("message", heard);
    signal.addEventListener("abort", abort);
    drawing.postMessage({ id, text, isDark }, "*"); // it has no origin that could be named
  });
}

function openFrame(): Promise<Window> {
  const element = document.createElement("iframe");
  element.setAttribute("sandbox", "allow-scripts");
  element.className = "visually-hidden";
  element.title = "Draws diagrams";
  element.tabIndex = -1;
  element.setAttribute("aria-hidden", "true");
  element.src = new URL("diagram/", document.baseURI).href;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      removeEventListener("message", heard);
      element.remove();
      frame = null;
      reject(new Error(t("Diagrams can't be drawn.")));
    }, PATIENCE_MILLISECONDS);
    const heard = ({ source, data }: MessageEvent) => {
      if (source === null || source !== element.contentWindow || !data.isReady) return;
      clearTimeout(timer);
      removeEventListener("message", heard);
      resolve(source as Window);
    };
    addEventListener("message", heard);
    document.body.append(element);
  });
}
