/** Choose a file of chats that were kept elsewhere, send it, and say what came of it. */

import { useEffect, useRef, useState } from "preact/hooks";
import { type Imported, type ImportRemark, importChats } from "../../api/imports";
import { sentencesOf } from "../../language/problems";
import { plural, t } from "../../language/t";
import { loadChats } from "../../state/chats";
import { tell } from "../../state/notices";
import { Dialog } from "../dialog/Dialog";
import { Meter } from "../uploads/Meter";
import "./imports.css";

const never = new AbortController().signal;

export function ImportChats({ close }: { close: () => void }) {
  const file = useRef<HTMLInputElement>(null);
  const choose = useRef<HTMLButtonElement>(null);
  const last = useRef<HTMLButtonElement>(null);
  const sending = useRef(new AbortController());
  const [sent, setSent] = useState<number | null>(null);
  const [problem, setProblem] = useState("");
  const [imported, setImported] = useState<Imported | null>(null);
  useEffect(() => () => sending.current.abort(), []);
  // A button that is gone, or was disabled, has lost the focus.
  useEffect(() => (choose.current ?? last.current)?.focus(), [imported, problem]);

  const send = async (chosen: File | undefined) => {
    if (chosen === undefined) return;
    setProblem("");
    setSent(0);
    try {
      const found = await importChats(sending.current.signal, chosen, setSent);
      setImported(found);
      loadChats(never).catch(tell);
    } catch (error) {
      if (!sending.current.signal.aborted) setProblem(error instanceof Error ? error.message : String(error));
    }
    setSent(null);
  };
  return (
    <Dialog title={t("Import chats")} close={close}>
      {imported === null ? (
        <p>
          {t(
            "Chats that you saved here, or exported from ChatGPT or Open WebUI: a JSON file, or a ZIP file that holds conversations.json. What was imported before stays as it is.",
          )}
        </p>
      ) : (
        <Result imported={imported} />
      )}
      {sent !== null && (
        <div class="import-progress" role="status">
          <Meter progress={progressOf(sent)} label={t("Import chats")} />
        </div>
      )}
      {problem && (
        <p class="import-problem" role="alert">
          {problem}
        </p>
      )}
      <input
        ref={file}
        type="file"
        hidden
        accept=".json,.zip,application/json,application/zip"
        onChange={({ currentTarget }) => {
          send(currentTarget.files?.[0]);
          currentTarget.value = "";
        }}
      />
      <div class="dialog-actions">
        <button ref={last} type="button" class="button" onClick={close}>
          {imported === null ? t("Cancel") : t("Done")}
        </button>
        {imported === null && (
          <button
            ref={choose}
            type="button"
            class="button is-primary"
            disabled={sent !== null}
            onClick={() => file.current?.click()}
          >
            {t("Choose a file")}
          </button>
        )}
      </div>
    </Dialog>
  );
}

const progressOf = (sent: number) => ({
  part: sent < 1 ? sent : null,
  label: sent < 1 ? t("Sending the file …") : t("Reading the chats …"),
  isOver: false,
  isFault: false,
});

const countOf = ({ chats }: Imported) => plural(chats.length, "{count} chat imported", "{count} chats imported");

function Result({ imported }: { imported: Imported }) {
  const { already_there: there, left_out: leftOut, remarks } = imported;
  return (
    <div class="import-result">
      <p role="status">{countOf(imported)}</p>
      {there > 0 && <p>{plural(there, "{count} chat was here already", "{count} chats were here already")}</p>}
      <Remarks title={t("Left out")} remarks={leftOut} />
      <Remarks title={t("What is not here")} remarks={remarks} />
    </div>
  );
}

function Remarks({ title, remarks }: { title: string; remarks: readonly ImportRemark[] }) {
  if (remarks.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul class="import-remarks" aria-label={title} tabIndex={0}>
        {remarks.map(({ title: chat, text, reason, values }) => (
          <li key={`${chat} ${reason}`}>
            <strong dir="auto">{chat || t("The file")}</strong> {sentencesOf([{ code: reason, values }], text)}
          </li>
        ))}
      </ul>
    </>
  );
}
