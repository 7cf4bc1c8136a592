/** Keep what is shown fresh while somebody looks at it, and say where it could not be loaded. */

import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../language/t";
import { isReachable } from "../state/connection";
import { isAbort, messageOf, tell } from "../state/notices";

interface Loading {
  /** Why there is nothing to show; "" while it is loaded, and once something has been. */
  problem: string;
  reload: () => void;
}

export interface Live<T> extends Loading {
  value: T | null;
}

/** Stand where something is not there yet: say that it is loaded, or why it could not be, and load it once more. */
export function Pending({ problem, reload }: Loading) {
  if (problem === "") return <p aria-busy="true">{t("Loading …")}</p>;
  return (
    <div class="pending" role="alert">
      <p>{problem}</p>
      <button type="button" class="button" onClick={reload}>
        {t("Try again")}
      </button>
    </div>
  );
}

/** Load what could not be loaded as soon as the server is back. */
function useReturn({ problem, reload }: Loading): void {
  const isBack = isReachable.value;
  useEffect(() => {
    if (isBack && problem !== "") reload();
  }, [isBack]);
}

/** Load a value now, whenever `key` changes, and every so many seconds while the page is seen; 0: only when asked. */
export function useLive<T>(load: (signal: AbortSignal) => Promise<T>, seconds: number, key: unknown = null): Live<T> {
  const [value, setValue] = useState<T | null>(null);
  const [problem, setProblem] = useState("");
  const [asked, setAsked] = useState(0);
  const hasValue = useRef(false);
  useEffect(() => {
    hasValue.current = false; // what belongs to another key would be taken for this one's
    setValue(null);
  }, [key]);
  useEffect(() => {
    const stop = new AbortController();
    let isTold = false;
    const look = () => {
      if (document.hidden) return;
      load(stop.signal).then(
        (found) => {
          isTold = false;
          hasValue.current = true;
          setProblem("");
          setValue(found);
        },
        (error: unknown) => {
          if (isAbort(error)) return;
          if (!hasValue.current) setProblem(messageOf(error));
          else if (!isTold) tell(error);
          isTold = true; // once, not every few seconds
        },
      );
    };
    look();
    const timer = seconds > 0 ? setInterval(look, seconds * 1000) : undefined;
    if (seconds > 0) document.addEventListener("visibilitychange", look, { signal: stop.signal });
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, [key, seconds, asked]);
  const live = { value, problem, reload: () => setAsked((count) => count + 1) };
  useReturn(live);
  return live;
}

/** Load a list page by page: what `more` gives comes behind what is there. */
export function usePages<T, At>(
  load: (signal: AbortSignal, after: At) => Promise<{ items: readonly T[]; next: At | null }>,
  first: At,
  key: unknown = null,
): Loading & { items: readonly T[] | null; more: (() => void) | null } {
  const [items, setItems] = useState<readonly T[] | null>(null);
  const [next, setNext] = useState<At | null>(null);
  const [problem, setProblem] = useState("");
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    load(stop.signal, first).then(
      (page) => {
        setProblem("");
        setItems(page.items);
        setNext(page.next);
      },
      (error: unknown) => isAbort(error) || (items === null ? setProblem(messageOf(error)) : tell(error)),
    );
    return () => stop.abort();
  }, [key, asked]);
  const more = () => {
    if (next === null) return;
    load(new AbortController().signal, next).then((page) => {
      setItems([...(items ?? []), ...page.items]);
      setNext(page.next);
    }, tell);
  };
  const pages = { items, problem, more: next === null ? null : more, reload: () => setAsked((count) => count + 1) };
  useReturn(pages);
  return pages;
}
