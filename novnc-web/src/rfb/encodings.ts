// RFC 6143, sections 7.7 and 7.8; rfbproto, "Encodings" and "Pseudo-encodings".

import type { Rect } from "./tiles.ts";
import type { Writer } from "./wire.ts";

export const encoding = {
  raw: 0,
  zlib: 6,
  tight: 7,
  zrle: 16,
} as const;

export const pseudo = {
  desktopSize: -223,
  desktopName: -307,
  extendedDesktopSize: -308,
  fence: -312,
  continuousUpdates: -313,
} as const;

const qualityLevel0 = -32; // to -23 for level 9
const qualityLevel9 = -23;

type Encoding = (typeof encoding)[keyof typeof encoding];

/** The abilities that a viewer reported. */
export interface Capabilities {
  encoding: Encoding;
  quality: number; // 0 to 9; -1: no loss allowed
  desktopSize: boolean;
  extendedDesktopSize: boolean;
  desktopName: boolean;
  fence: boolean;
  continuousUpdates: boolean;
}

/** Picks the first encoding that we support: viewers list encodings in order of preference. */
export function capabilitiesOf(list: readonly number[]): Capabilities {
  const has = (n: number) => list.includes(n);
  const spoken = Object.values(encoding);
  return {
    encoding: (list.find((n) => spoken.includes(n as Encoding)) as Encoding | undefined) ?? encoding.raw,
    quality: (list.findLast((n) => n >= qualityLevel0 && n <= qualityLevel9) ?? qualityLevel0 - 1) - qualityLevel0,
    desktopSize: has(pseudo.desktopSize),
    extendedDesktopSize: has(pseudo.extendedDesktopSize),
    desktopName: has(pseudo.desktopName),
    fence: has(pseudo.fence),
    continuousUpdates: has(pseudo.continuousUpdates),
  };
}

/** The header of a rectangle; RFC 6143, section 7.6.1. */
export function rectHeader(w: Writer, { x, y, width, height }: Rect, type: number): void {
  w.u16(x, y, width, height).u32(type);
}
