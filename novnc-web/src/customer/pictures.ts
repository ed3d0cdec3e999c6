// Three pictures of what comes next. They contain no words and need no translation. Each has text
// next to it, so they are not read aloud.

import { html, svg, type TemplateResult } from "lit";

export type PictureName = keyof typeof pictures;

export function picture(name: PictureName): TemplateResult {
  return html`<svg class="picture" viewBox="0 0 120 80" aria-hidden="true">${pictures[name]}</svg>`;
}

const line = (d: string, kind = "") => svg`<path class=${kind} d=${d}></path>`;
const box = (x: number, y: number, width: number, height: number, kind = "") =>
  svg`<rect class=${kind} x=${x} y=${y} width=${width} height=${height} rx="3"></rect>`;
const pointer = (x: number, y: number) => line(`M${x} ${y}l0 17 4.5-4 3 6.500 3.500-1.500-3-6.500 6-.5z`, "solid");
const windowFrame = svg`${box(8, 6, 104, 68)}${line("M8 20h104M15 13h.1M22 13h.1M29 13h.1")}`;

const pictures = {
  // The list of downloads at the browser's upper edge.
  open: svg`${windowFrame}${line("M101 9v6M98 13l3 3 3-3M97 17.500h8")}
    ${box(44, 25, 62, 40, "raised")}${box(52, 33, 12, 15, "solid")}${line("M71 36h27M71 44h16M52 57h46")}${pointer(84, 41)}`,
  // The program's window with nine digits, four of which are typed.
  number: svg`${windowFrame}
    ${[0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => box(15 + i * 9.5 + Math.floor(i / 3) * 4, 31, 7, 13, i < 4 ? "typed" : ""))}
    ${box(38, 54, 44, 13, "solid")}${line("M54 60.500h10M61 57.500l3 3-3 3", "on-solid")}`,
  // The question: an eye, yes and no.
  decide: svg`${box(8, 6, 104, 68)}${line("M40 27s7-11 20-11 20 11 20 11-7 11-20 11-20-11-20-11z")}
    <circle class="solid" cx="60" cy="27" r="4.5"></circle>
    ${box(20, 48, 36, 17, "solid")}${line("M33 56.500l4 4 7-8", "on-solid")}${box(64, 48, 36, 17)}${line("M78 52.500l8 8M86 52.500l-8 8")}`,
} satisfies Record<string, TemplateResult<2>>;
