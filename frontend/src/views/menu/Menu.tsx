/** Offer the actions on a thing behind one button, for mouse, touch and keys alike. */

import { useId, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "../icons";
import "./menu.css";

export interface MenuItem {
  label: string;
  icon: IconName;
  run: () => void;
  isDanger?: boolean;
}

interface Properties {
  /** What the button is called. */
  label: string;
  /** The id of the element that names the thing. */
  describedBy?: string;
  items: readonly MenuItem[];
}

const GAP_PIXELS = 4;

export function Menu({ label, describedBy, items }: Properties) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);

  /** Put the list below the button, or above it where there is no room. */
  const place = () => {
    const box = list.current;
    const at = button.current?.getBoundingClientRect();
    if (!box || !at) return;
    const isBelow = at.bottom + GAP_PIXELS + box.offsetHeight <= innerHeight;
    box.style.top = `${isBelow ? at.bottom + GAP_PIXELS : Math.max(0, at.top - GAP_PIXELS - box.offsetHeight)}px`;
    box.style.left = `${Math.max(GAP_PIXELS, Math.min(at.right - box.offsetWidth, innerWidth - box.offsetWidth - GAP_PIXELS))}px`;
  };
  // There may be thousands of menus: what stands in one is made when it is opened.
  const toggling = (event: { newState: string }) => {
    if (event.newState === "open") setOpen(true);
  };
  const toggled = (event: { newState: string }) => {
    if (event.newState === "closed") setOpen(false); // only now: what has the focus gives it back to the button first
    if (event.newState !== "open") return;
    place();
    list.current?.querySelector<HTMLElement>("button")?.focus();
  };
  const press = (event: KeyboardEvent) => {
    const all = [...(list.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const here = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Tab") list.current?.hidePopover();
    if (event.key === "Escape") event.stopPropagation(); // only the menu is closed by it
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    all.at(to % all.length)?.focus();
  };
  const choose = (run: () => void) => {
    list.current?.hidePopover();
    run();
  };
  return (
    <span class="menu" onKeyDown={isOpen ? press : undefined}>
      <button
        ref={button}
        type="button"
        class="icon-button menu-button"
        aria-label={label}
        aria-describedby={describedBy}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        title={label}
        popoverTarget={id}
      >
        <Icon name="more" size={18} />
      </button>
      <div
        ref={list}
        id={id}
        popover="auto"
        class="menu-list"
        role="menu"
        aria-label={label}
        onBeforeToggle={toggling}
        onToggle={toggled}
      >
        {(isOpen ? items : []).map(({ label: name, icon, run, isDanger }) => (
          <button
            key={name}
            type="button"
            role="menuitem"
            tabIndex={-1}
            class={isDanger ? "menu-item is-danger" : "menu-item"}
            onClick={() => choose(run)}
          >
            <Icon name={icon} size={18} /> {name}
          </button>
        ))}
      </div>
    </span>
  );
}
