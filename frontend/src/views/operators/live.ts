/** Keep what is shown fresh while somebody looks at it. */

import { useEffect, useState } from "preact/hooks";
import { isAbort, tell } from "../../state/notices";

export interface Live<T> {
  value: T | null;
  reload: () => void;
}

/** Load a value now, whenever `key` changes, and every so many seconds while the page is seen; 0: only when asked. */
export function useLive<T>(load: (signal: AbortSignal) => Promise<T>, seconds: number, key: unknown = null): Live<T> {
  const [value, setValue] = useState<T | null>(null);
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    let isTold = false;
    const look = () => {
      if (document.hidden) return;
      load(stop.signal).then(
        (found) => {
          isTold = false;
          setValue(found);
        },
        (error: unknown) => {
          if (isAbort(error) || isTold) return;
          isTold = true; // once, not every few seconds
          tell(error);
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
  return { value, reload: () => setAsked((count) => count + 1) };
}

/** Load a list page by page: what `more` gives comes behind what is there. */
export function usePages<T, At>(
  load: (signal: AbortSignal, after: At) => Promise<{ items: readonly T[]; next: At | null }>,
  first: At,
  key: unknown = null,
): { items: readonly T[] | null; more: (() => void) | null; reload: () => void } {
  const [items, setItems] = useState<readonly T[] | null>(null);
  const [next, setNext] = useState<At | null>(null);
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    load(stop.signal, first).then(
      (page) => {
        setItems(page.items);
        setNext(page.next);
      },
      (error: unknown) => isAbort(error) || tell(error),
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
  return { items, more: next === null ? null : more, reload: () => setAsked((count) => count + 1) };
}
