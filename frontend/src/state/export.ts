/** Save a chat as a file: to read (Markdown), or with all that the server knows of it (JSON). */

import * as hubbub from "../api/hubbub";
import type { Chat } from "../api/resources";
import type { Answer } from "../events";
import { answerOf } from "./answers";
import { tell } from "./notices";
import { path } from "./thread";

/** The chat that is shown as Markdown: its questions and answers, the branch that was turned to, with the sources. */
export function asMarkdown(chat: Chat): string {
  const shown = path.peek().flatMap(({ message, beside }) => (beside.length > 0 ? beside : [message]));
  const parts = shown.map((message) => {
    if (message.role === "user") return `## ${oneLine("You asked")}\n\n${message.text}`;
    const answer = answerOf(message.id).peek();
    return [`## ${oneLine(answer.model || "Answer")}`, answer.text, sourcesOf(answer)].filter(Boolean).join("\n\n");
  });
  return `${[`# ${oneLine(chat.title)}`, ...parts].join("\n\n")}\n`;
}

const oneLine = (text: string) => text.replace(/\s+/g, " ").trim();

function sourcesOf({ citations }: Answer): string {
  return citations
    .map(({ marker, title, name, page, quote }) => {
      const place = page === null ? "" : `, p. ${page}`;
      return `[${marker}]: ${oneLine(title || name)}${place}${quote ? ` – “${oneLine(quote)}”` : ""}`;
    })
    .map((line) => `- ${line.replace(/^\[(\d+)\]:/, "**[$1]**")}`)
    .join("\n");
}

export function saveAsMarkdown(chat: Chat): void {
  save(`${fileName(chat.title)}.md`, "text/markdown", asMarkdown(chat));
}

export async function saveAsJson(chat: Chat): Promise<void> {
  try {
    const whole = await hubbub.chat(new AbortController().signal, chat.id);
    save(`${fileName(chat.title)}.json`, "application/json", JSON.stringify(whole, null, 2));
  } catch (error) {
    tell(error);
  }
}

/** A title as the name of a file on any system. */
function fileName(title: string): string {
  const name = title
    .replace(/[\p{Cc}<>:"/\\|?*]/gu, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 80);
  return name.replace(/^\.+|\.+$/g, "") || "chat";
}

function save(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
