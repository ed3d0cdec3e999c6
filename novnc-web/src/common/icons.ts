export type IconName = keyof typeof icons;

/** The path of each icon in a box of 24 by 24. */
export const icons = {
  lock: "M7 11V8a5 5 0 0 1 10 0v3M5 11h14v9H5z",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM9 12a3 3 0 1 0 6 0 3 3 0 0 0-6 0",
  hidden:
    "M3 3l18 18M10 5.2A10 10 0 0 1 12 5c6 0 10 7 10 7a17 17 0 0 1-3 3.6M6 7a17 17 0 0 0-4 5s4 7 10 7a9.500 9.500 0 0 0 4.500-1.200",
  hand: "M5 3l14 8-6 2-2 6z",
  line: "M4 12h5M15 12h5M9 8v8M15 8v8M9 12h6",
  broken: "M3 12h5M16 12h5M8 8v8M16 8v8M11 6l2 12",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21a8 8 0 0 1 16 0",
  record: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
  clipboard: "M8 5H6v16h12V5h-2M9 3h6v4H9z",
  pause: "M8 5v14M16 5v14",
  monitor: "M3 5h18v11H3zM9 20h6M12 16v4",
  window: "M3 5h18v14H3zM3 9h18M6 7h.1",
  warning: "M12 3l10 18H2zM12 10v5M12 18v.5",
  chat: "M4 5h16v11H10l-5 4v-4H4z",
  keyboard: "M2 6h20v12H2zM6 10h.1M10 10h.1M14 10h.1M18 10h.1M7 14h10",
  expand: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  more: "M5 12h.1M12 12h.1M19 12h.1",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  download: "M12 3v12M7 10l5 5 5-5M4 20h16",
  upload: "M12 16V3M7 8l5-5 5 5M4 20h16",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  chevron: "M6 9l6 6 6-6",
} as const;
