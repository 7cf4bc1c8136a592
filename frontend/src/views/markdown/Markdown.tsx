/** Show a text of a model or a document, finished or still growing. */

import { useMemo } from "preact/hooks";
import { copyText } from "../copy";
import { highlighterVersion } from "./highlight";
import "./markdown.css";
import { blockRenderer, type Reference } from "./render";

interface Properties {
  text: string;
  references: readonly Reference[];
  isGrowing: boolean;
  cite: (marker: number) => void;
}

export function Markdown({ text, references, isGrowing, cite }: Properties) {
  const render = useMemo(blockRenderer, []);
  const blocks = render(text, references, highlighterVersion());

  const click = (event: MouseEvent) => {
    const button = (event.target as Element).closest("button");
    if (button?.dataset.marker !== undefined) cite(Number(button.dataset.marker));
    else if (button?.classList.contains("code-copy")) copyCode(button);
  };
  return (
    // The buttons inside are real buttons: keys reach them, and their clicks bubble up to here.
    <div class={`markdown ${isGrowing ? "is-growing" : ""}`} dir="auto" onClick={click}>
      {blocks.map(({ key, html }) => (
        <div key={key} class="block" dangerouslySetInnerHTML={{ __html: html }} />
      ))}
    </div>
  );
}

async function copyCode(button: HTMLButtonElement): Promise<void> {
  const code = button.closest(".code")?.querySelector("code")?.textContent ?? "";
  button.textContent = (await copyText(code)) ? "Copied" : "Can’t copy";
  setTimeout(() => {
    button.textContent = "Copy";
  }, 2000);
}
