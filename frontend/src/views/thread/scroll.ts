/** Keep a growing text's end in sight, unless the person went up to read. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";

const NEAR_PIXELS = 32;
/** Sent to what scrolls by what is about to change in it, so that the end is not run after. */
export const HOLD = "hubbub-hold";

/** When another chat is read, or something was asked, the end is in sight again. */
export function usePinnedScroll(chatId: string, asks: number) {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const pinned = useRef(true);
  const fromEnd = useRef<number | null>(null);
  const [isPinned, setPinned] = useState(true);

  const pin = (value: boolean) => {
    pinned.current = value;
    setPinned(value);
  };
  const toEnd = () => {
    const box = scroller.current;
    // A greeting is read from its beginning.
    if (box) box.scrollTop = box.closest(".is-empty") ? 0 : box.scrollHeight;
  };
  const jump = () => {
    pin(true);
    toEnd();
  };

  /** Stay where it is, whatever grows or shrinks. */
  const hold = () => pin(false);

  useLayoutEffect(() => {
    const box = scroller.current;
    const inner = content.current;
    if (!box || !inner) return undefined;
    // It has just been made. To ask it would lay out the whole page, once before the first frame and once for it.
    let top = 0;
    let height = 0;
    const scrolled = () => {
      const isNear = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PIXELS;
      // Only going up in a text that did not shrink is the person's doing.
      if (isNear) pin(true);
      else if (box.scrollTop < top - 1 && box.scrollHeight >= height) pin(false);
      top = box.scrollTop;
      height = box.scrollHeight;
    };
    const resized = new ResizeObserver(() => {
      if (pinned.current) toEnd();
    });
    box.addEventListener("scroll", scrolled, { passive: true });
    box.addEventListener(HOLD, hold);
    resized.observe(inner);
    resized.observe(box);
    return () => {
      box.removeEventListener("scroll", scrolled);
      box.removeEventListener(HOLD, hold);
      resized.disconnect();
    };
  }, []);

  /** Change what stands above without moving what is read. */
  const keepPlace = (change: () => void) => {
    const box = scroller.current;
    fromEnd.current = box && !pinned.current ? box.scrollHeight - box.scrollTop : null;
    change();
  };
  useLayoutEffect(() => {
    const box = scroller.current;
    if (box && fromEnd.current !== null) box.scrollTop = box.scrollHeight - fromEnd.current;
    fromEnd.current = null;
  });

  const isNew = useRef(true);
  useLayoutEffect(() => {
    pin(true);
    if (!isNew.current) toEnd(); // at first its observer does that, once it is laid out
    isNew.current = false;
  }, [chatId, asks]);
  return { scroller, content, isPinned, jump, hold, keepPlace };
}
