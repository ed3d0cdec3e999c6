// Three pictures that show what to click. They contain no words and need no translation. Each has
// text next to it, so they are not read aloud.

type Shape = [tag: "path" | "rect" | "circle", attributes: Record<string, string | number>];

export type PictureName = keyof typeof pictures;

export function picture(name: PictureName): SVGElement {
  const svg = element("svg", { viewBox: "0 0 120 80", class: "picture", "aria-hidden": "true" });
  for (const [tag, attributes] of pictures[name]) svg.append(element(tag, attributes));
  return svg;
}

function element(tag: string, attributes: Record<string, string | number>): SVGElement {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, String(value));
  return e;
}

const line = (d: string): Shape => ["path", { d }];
const fill = (d: string): Shape => ["path", { d, class: "solid" }];
const box = (x: number, y: number, width: number, height: number, kind = ""): Shape => [
  "rect",
  { x, y, width, height, rx: 3, ...(kind && { class: kind }) },
];
const pointer = (x: number, y: number): Shape => fill(`M${x} ${y}l0 17 4.5-4 3 6.500 3.500-1.500-3-6.500 6-.5z`);

const pictures = {
  // A browser window with the download button and a pointer on it.
  download: [
    box(8, 6, 104, 68),
    line("M8 20h104M15 13h.1M22 13h.1M29 13h.1"),
    box(30, 34, 60, 22, "solid"),
    ["path", { d: "M60 38v11M55 45l5 5 5-5", class: "on-solid" }],
    pointer(80, 50),
  ],
  // The list of downloads at the browser's upper edge.
  open: [
    box(8, 6, 104, 68),
    line("M8 20h104M15 13h.1M22 13h.1M29 13h.1M101 9v6M98 13l3 3 3-3M97 17.500h8"),
    box(50, 24, 56, 40, "raised"),
    box(57, 32, 12, 14),
    line("M75 35h24M75 42h14M57 55h40"),
    pointer(86, 40),
  ],
  // The program's page: nine digits, then the customer's decision.
  allow: [
    box(8, 6, 104, 68),
    line("M20 20h30"),
    ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map((i): Shape => box(20 + i * 8 + Math.floor(i / 3) * 4, 27, 6, 10)),
    box(20, 48, 36, 16, "solid"),
    ["path", { d: "M33 56l4 4 7-8", class: "on-solid" }],
    box(64, 48, 36, 16),
    line("M78 52l8 8M86 52l-8 8"),
  ],
} satisfies Record<string, Shape[]>;
