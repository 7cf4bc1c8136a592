/** Draw of a long list only what is near what is in sight; the rest takes its room alone. */

import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** Lists up to so long are drawn whole. */
const SHORT = 200;
/** How far beyond what is in sight is drawn, so that neither a fling nor the arrow keys meet an end. */
const BEYOND_PIXELS = 900;
/** The window moves by so many rows, so that it does not change with every pixel. */
const STEP = 10;

export interface Window {
  from: number;
  to: number;
  /** The room of what is not drawn, in pixels. */
  above: number;
  below: number;
}

/** Return which of `count` rows are drawn. `labelled` are the rows that have a label above them, in order. */
export function useWindow(count: number, labelled: readonly number[], list: RefObject<HTMLElement | null>): Window {
  const [range, setRange] = useState({ from: 0, to: SHORT });
  const heights = useRef({ row: 37, label: 36 });
  const isShort = count <= SHORT;
  const startOf = (index: number) => index * heights.current.row + before(labelled, index) * heights.current.label;

  useLayoutEffect(() => {
    const element = list.current;
    const scroller = element?.parentElement;
    if (isShort || !element || !scroller) return undefined;
    const look = () => {
      const row = element.querySelector<HTMLElement>(".chat-item")?.offsetHeight;
      const label = element.querySelector<HTMLElement>("li:not(:first-child) > .chat-day")?.offsetHeight;
      if (row) heights.current.row = row + 1; // the gap of the list
      if (label) heights.current.label = label;
      const top = scroller.getBoundingClientRect().top - element.getBoundingClientRect().top;
      const from = Math.floor(rowAt(top - BEYOND_PIXELS, count, startOf) / STEP) * STEP;
      const to = Math.ceil(rowAt(top + scroller.clientHeight + BEYOND_PIXELS, count, startOf) / STEP) * STEP;
      setRange((old) => (old.from === from && old.to === to ? old : { from, to }));
    };
    look();
    scroller.addEventListener("scroll", look, { passive: true });
    return () => scroller.removeEventListener("scroll", look);
  }, [count, isShort, labelled]);

  if (isShort) return { from: 0, to: count, above: 0, below: 0 };
  const to = Math.min(count, Math.max(range.to, STEP));
  const from = Math.min(range.from, to - 1);
  return { from, to, above: startOf(from), below: startOf(count) - startOf(to) };
}

/** How many of the sorted numbers are smaller. */
function before(sorted: readonly number[], limit: number): number {
  const found = sorted.findIndex((one) => one >= limit);
  return found < 0 ? sorted.length : found;
}

/** The row that stands at a height, by halving. */
function rowAt(pixels: number, count: number, startOf: (index: number) => number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (startOf(middle + 1) <= pixels) low = middle + 1;
    else high = middle;
  }
  return low;
}
