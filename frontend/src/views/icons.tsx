/** Draw the page's own icons, 20 units square, in the colour of the text. */

const paths = {
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
  close: "M5 5l10 10M15 5L5 15",
  menu: "M3.5 6h13M3.5 10h13M3.5 14h13",
  search: "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12ZM13.5 13.5 17 17",
  send: "M10 16V4M5 9l5-5 5 5",
  pencil: "M4 16l.8-3.5L13.3 4a1.4 1.4 0 0 1 2 0l.7.7a1.4 1.4 0 0 1 0 2L7.5 15.2Z",
  bin: "M4 6h12M8 6V4h4v2M5.5 6l.7 10h7.6l.7-10M8.5 9v4M11.5 9v4",
  copy: "M7 7V4.5A1 1 0 0 1 8 3.5h7.5a1 1 0 0 1 1 1V12a1 1 0 0 1-1 1H13M4.5 7H12a1 1 0 0 1 1 1v7.5a1 1 0 0 1-1 1H4.5a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1Z",
  check: "M4 10.5l4 4 8-9",
  again: "M16 10a6 6 0 1 1-2-4.5M14.5 2.5V6H11",
  left: "M12 5l-5 5 5 5",
  right: "M8 5l5 5-5 5",
  down: "M10 4v12M5 11l5 5 5-5",
  unfold: "M5 8l5 5 5-5",
  upload: "M10 13V4M6 8l4-4 4 4M4 13v2.5a1 1 0 0 0 1 1h10a1 1 0 0 0 1-1V13",
  download: "M10 4v9M6 9l4 4 4-4M4 14v1.5a1 1 0 0 0 1 1h10a1 1 0 0 0 1-1V14",
  book: "M10 5.5C8.5 4.3 6.5 4 3.5 4v11c3 0 5 .3 6.5 1.5C11.5 15.3 13.5 15 16.5 15V4c-3 0-5 .3-6.5 1.5ZM10 5.5v11",
  file: "M6 3.5h5l4 4v8a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-11a1 1 0 0 1 1-1ZM11 3.5v4h4",
  sun: "M10 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM10 2.5V4M10 16v1.5M2.5 10H4M16 10h1.5M4.7 4.7l1 1M14.3 14.3l1 1M15.3 4.7l-1 1M5.7 14.3l-1 1",
  moon: "M16 11.7A6.3 6.3 0 0 1 8.3 4 6.3 6.3 0 1 0 16 11.7Z",
  warn: "M10 7.5v3.2M10 13.5v.1M9.1 3.8 2.7 15a1 1 0 0 0 .9 1.5h12.8a1 1 0 0 0 .9-1.5L10.9 3.8a1 1 0 0 0-1.8 0Z",
  help: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM8 8a2 2 0 1 1 2.8 1.8c-.5.3-.8.6-.8 1.2M10 13.4v.1",
  tune: "M3.5 6.5h7M14.5 6.5h2M12.5 8.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM3.5 13.5h2M9.5 13.5h7M7.5 15.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  pin: "M7 3.5h6M8 3.5v5L5.5 11.5h9L12 8.5v-5M10 11.5V17",
  folder: "M3.5 6a1 1 0 0 1 1-1H8l1.5 2h6a1 1 0 0 1 1 1v6.5a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1Z",
  archive: "M3.5 4.5h13v3h-13ZM4.5 7.5V15a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1V7.5M8 10.5h4",
  good: "M7 9v7H4.5a.5.5 0 0 1-.5-.5v-6a.5.5 0 0 1 .5-.5ZM7 9l3-5.5a1.6 1.6 0 0 1 1.6 1.9L11 8h4a1.2 1.2 0 0 1 1.2 1.5l-1.3 5.4A1.4 1.4 0 0 1 13.5 16H7",
  bad: "M7 11V4H4.5a.5.5 0 0 0-.5.5v6a.5.5 0 0 0 .5.5ZM7 11l3 5.5a1.6 1.6 0 0 0 1.6-1.9L11 12h4a1.2 1.2 0 0 0 1.2-1.5l-1.3-5.4A1.4 1.4 0 0 0 13.5 4H7",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  globe: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM3.2 10h13.6M10 3c2.2 2 3 4.3 3 7s-.8 5-3 7c-2.2-2-3-4.3-3-7s.8-5 3-7Z",
  aloud: "M3.5 8v4h2.8L10.5 15.5v-11L6.3 8ZM13 7.5a3.5 3.5 0 0 1 0 5M15 5a7 7 0 0 1 0 10",
  silent: "M3.5 8v4h2.8L10.5 15.5v-11L6.3 8ZM13.5 8l4 4M17.5 8l-4 4",
  microphone:
    "M10 12.5a2.5 2.5 0 0 0 2.5-2.5V5.5a2.5 2.5 0 0 0-5 0V10a2.5 2.5 0 0 0 2.5 2.5ZM5 10a5 5 0 0 0 10 0M10 15v2.5",
  gauge: "M3.5 14a7 7 0 1 1 13 0M10 13l3.2-4.6M10 14.2v-.1",
  person: "M10 10a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM4 16.5c.6-2.8 3-4 6-4s5.4 1.2 6 4",
  people:
    "M7.5 9.5a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM2.5 16c.5-2.6 2.4-3.8 5-3.8s4.5 1.2 5 3.8M13 9.3a2.5 2.5 0 0 0 0-4.9M14.2 12.3c1.8.3 3 1.5 3.3 3.7",
  assistant:
    "M10 3.5v2.5M5.5 6h9a1.5 1.5 0 0 1 1.5 1.5v6a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 4 13.5v-6A1.5 1.5 0 0 1 5.5 6ZM7.7 9.5v1.5M12.3 9.5v1.5M1.8 9.5v2.5M18.2 9.5v2.5",
  external: "M8 4.5H5a1 1 0 0 0-1 1V15a1 1 0 0 0 1 1h9.5a1 1 0 0 0 1-1v-3M11.5 3.5h5v5M16.5 3.5 9.5 10.5",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg class={`icon icon-${name}`} width={size} height={size} viewBox="0 0 20 20" fill="none" aria-hidden="true">
      <path
        d={paths[name]}
        stroke="currentColor"
        stroke-width={name === "more" ? 2.5 : 1.5}
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}

/** The square that stops an answer. */
export function StopIcon() {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      <rect x="5.5" y="5.5" width="9" height="9" rx="1.5" fill="currentColor" />
    </svg>
  );
}

/** Two voices: the sign of the house. */
export function Sign({ size = 24 }: { size?: number }) {
  return (
    <svg class="sign" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <path
        d="M3 6.5A3.5 3.5 0 0 1 6.5 3h6A3.5 3.5 0 0 1 16 6.5v2A3.5 3.5 0 0 1 12.5 12H8.2L4.7 15v-3.5A3.5 3.5 0 0 1 3 8.5Z"
        fill="currentColor"
      />
      <path
        d="M18 8.2a3.5 3.5 0 0 1 3 3.5v2.1a3.5 3.5 0 0 1-1.7 3V20.5L15.9 17.3H12.5A3.5 3.5 0 0 1 9.3 15.2L10.6 14h1.9A5.5 5.5 0 0 0 18 8.5Z"
        fill="currentColor"
        opacity=".55"
      />
    </svg>
  );
}
