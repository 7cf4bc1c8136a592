/** Show the latest messages of a long chat; earlier ones come as the person goes up. */

import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

const AT_FIRST = 40;
const MORE = 40;

/**
 * How many messages of a chat are not shown yet, from the first on, and the button that shows more of them.
 *
 * What is not shown costs nothing: thousands of messages would take seconds to draw, and slow down every key.
 */
export function useLatest(
  chatId: string,
  count: number,
  /** The place of the message that has to be shown; below 0 where there is none. */
  wanted: number,
  scroller: RefObject<HTMLElement | null>,
  keepPlace: (change: () => void) => void,
) {
  const [shown, setShown] = useState({ chatId, first: 0, isSet: false });
  const earlier = useRef<HTMLButtonElement>(null);
  const start = Math.max(0, count - AT_FIRST);
  const isHere = shown.isSet && shown.chatId === chatId && shown.first < count;
  const usual = isHere ? shown.first : start;
  const hidden = wanted >= 0 ? Math.min(usual, Math.max(0, wanted - 2)) : usual;
  const showEarlier = () => keepPlace(() => setShown({ chatId, first: Math.max(0, hidden - MORE), isSet: true }));

  useEffect(() => {
    if (hidden < usual) setShown({ chatId, first: hidden, isSet: true });
  }, [hidden, usual]);
  // Paper shows the chat from its first message on.
  useEffect(() => {
    const showAll = () => setShown({ chatId, first: 0, isSet: true });
    addEventListener("beforeprint", showAll);
    return () => removeEventListener("beforeprint", showAll);
  }, [chatId]);
  // A chat that grows goes on from where it was shown from.
  useEffect(() => {
    if (!isHere && count > 0) setShown({ chatId, first: start, isSet: true });
  }, [chatId, count]);
  useEffect(() => {
    const button = earlier.current;
    if (button === null) return undefined;
    const near = new IntersectionObserver(([entry]) => entry?.isIntersecting && showEarlier(), {
      root: scroller.current,
      rootMargin: "600px 0px 0px 0px",
    });
    near.observe(button);
    return () => near.disconnect();
  }, [hidden]);
  return { hidden, earlier, showEarlier };
}
