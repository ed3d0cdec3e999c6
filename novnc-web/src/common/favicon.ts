export type Mood = "idle" | "waiting" | "joined" | "seen" | "controlled" | "question" | "over";

// White symbols on these colours have a contrast above 4.5.
const looks: Record<Mood, { colour: string; glyph: string }> = {
  idle: { colour: "#1f5673", glyph: '<path d="M16 7v18M8 17c0 5 4 8 8 8s8-3 8-8" />' },
  waiting: { colour: "#5b6470", glyph: '<path d="M9 16h.1M16 16h.1M23 16h.1" />' },
  joined: { colour: "#1b6e4b", glyph: '<path d="M8 17l5 5 11-12" />' },
  seen: { colour: "#1c5fa8", glyph: '<path d="M5 16s4-7 11-7 11 7 11 7-4 7-11 7-11-7-11-7zM16 15v2" />' },
  controlled: { colour: "#a8323a", glyph: '<path d="M10 7l14 9-7 2-3 7z" />' },
  question: { colour: "#8a5200", glyph: '<path d="M11 12c0-6 10-6 10 0 0 4-5 4-5 8M16 25v.1" />' },
  over: { colour: "#3c434c", glyph: '<path d="M10 10l12 12M22 10L10 22" />' },
};

/** Changes the tab's icon, so that the state is visible from other tabs. */
export function setFavicon(mood: Mood): void {
  const { colour, glyph } = looks[mood];
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="${colour}"/>` +
    `<g fill="none" stroke="#fff" stroke-width="3.5" stroke-linecap="round" stroke-linejoin="round">${glyph}</g></svg>`;
  let link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (!link) {
    link = document.createElement("link");
    link.rel = "icon";
    document.head.append(link);
  }
  const address = "data:image/svg+xml," + encodeURIComponent(svg);
  if (link.href !== address) link.href = address;
}
