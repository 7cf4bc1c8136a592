/** Show a text of a model or a document, finished or still growing. */

import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { t } from "../../language/t";
import { copyText } from "../copy";
import { Diagram, drawNested, forget } from "./Diagram";
import { highlighterVersion } from "./highlight";
import { renderer } from "./loading";
import "./markdown.css";
import { unbroken } from "../unbroken";
import type { Block, Reference } from "./blocks";
import { typeset, typesetterVersion } from "./typeset";

interface Properties {
  text: string;
  references: readonly Reference[];
  isGrowing: boolean;
  cite: (marker: number) => void;
}

export function Markdown({ text, references, isGrowing, cite }: Properties) {
  const module = renderer();
  const render = useMemo(() => module?.blockRenderer(), [module]);
  const root = useRef<HTMLDivElement>(null);
  const blocks = render?.(text, references, highlighterVersion(), isGrowing) ?? null;
  const version = typesetterVersion();
  useLayoutEffect(() => typeset(root.current), [blocks, version]);
  const drawn = useRef(new Set<Element>());
  useLayoutEffect(() => {
    if (!isGrowing) drawNested(root.current, drawn.current);
  }, [blocks, isGrowing]);
  useEffect(() => () => forget(drawn.current), []);

  const click = (event: MouseEvent) => {
    const button = (event.target as Element).closest("button");
    if (button?.dataset.marker !== undefined) cite(Number(button.dataset.marker));
    else if (button?.classList.contains("code-copy")) copyCode(button);
    else if (button?.classList.contains("footnote-link")) goToFootnote(root.current, button);
  };
  return (
    // The buttons inside are real buttons: keys reach them, and their clicks bubble up to here.
    <div ref={root} class={`markdown ${isGrowing ? "is-growing" : ""}${unbroken(text)}`} onClick={click}>
      {blocks === null ? (
        <p class="plain" dir="auto">
          {text}
        </p>
      ) : (
        blocks.map((block) => <Shown key={block.key} block={block} />)
      )}
    </div>
  );
}

/** Each block has the direction of its own text. Of a list or code that grows only what is new is made. */
function Shown({ block }: { block: Block }) {
  if (block.list) {
    const { tag: List, start, items } = block.list;
    return (
      <div class="block" dir="auto">
        <List {...(start === null ? {} : { start })}>
          {items.map((html, index) => (
            <li key={index} dangerouslySetInnerHTML={{ __html: html }} />
          ))}
        </List>
      </div>
    );
  }
  if (block.code) {
    const { language, source, isGrowing } = block.code;
    const code = <Code language={language} chunks={block.code.chunks} />;
    return (
      <div class="block">{language === "mermaid" && !isGrowing ? <Diagram source={source}>{code}</Diagram> : code}</div>
    );
  }
  return <div class="block" dir="auto" dangerouslySetInnerHTML={{ __html: block.html }} />;
}

function Code({ language, chunks }: { language: string; chunks: readonly string[] }) {
  return (
    <div class="code" dir="ltr">
      <div class="code-head">
        <span>{language || "text"}</span>
        <button type="button" class="code-copy" aria-label={t("Copy code")}>
          {t("Copy")}
        </button>
      </div>
      <pre tabIndex={0}>
        <code>
          {chunks.map((html, index) => (
            <span key={index} dangerouslySetInnerHTML={{ __html: html }} />
          ))}
        </code>
      </pre>
    </div>
  );
}

async function copyCode(button: HTMLButtonElement): Promise<void> {
  const code = button.closest(".code")?.querySelector("code")?.textContent ?? "";
  button.textContent = (await copyText(code)) ? t("Copied") : t("Can’t copy");
  setTimeout(() => {
    button.textContent = t("Copy");
  }, 2000);
}

/** Show the note that a number in the text stands for, or the place that a note belongs to. */
function goToFootnote(root: HTMLElement | null, button: HTMLButtonElement): void {
  const isNote = button.classList.contains("is-back");
  const all = root?.querySelectorAll<HTMLButtonElement>(".footnote-link") ?? [];
  const other = [...all].find(
    (one) => one.textContent === button.textContent && one.classList.contains("is-back") !== isNote,
  );
  other?.scrollIntoView({ block: "center" });
  other?.focus({ preventScroll: true });
}
