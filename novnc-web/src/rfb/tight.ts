// rfbproto, section "Tight Encoding".

import { packed, type Encoder } from "./encoders.ts";
import { coloursOf, type Converter } from "./pixels.ts";
import type { Rect } from "./tiles.ts";
import { Writer } from "./wire.ts";
import { Deflater } from "./zstream.ts";

const fill = 0x80;
const jpeg = 0x90;
const explicit = 0x40; // a filter byte follows
const filterPalette = 1;
// The zlib streams, as the established servers use them.
const streams = { full: 0, mono: 1, indexed: 2 } as const;
// Data shorter than this is sent as it is.
const minCompress = 12;
/** Tight takes no wider rectangle. */
export const tightMaxWidth = 2048;

const maxPalette = 256;

/** The largest palette worth its table. */
function paletteLimit(pixels: number): number {
  return Math.max(2, Math.min(maxPalette, pixels / 8));
}

/** Tells text and drawings, which are small without loss, from photographs. */
export function isRich(words: Uint32Array): boolean {
  return coloursOf(words, paletteLimit(words.length)) === null;
}

/** Without loss; what is rich may be sent by `appendJPEG` instead. */
export class TightEncoder implements Encoder {
  private readonly deflaters = [new Deflater(), new Deflater(), new Deflater()] as const;
  private readonly scratch = new Writer();

  encode(w: Writer, convert: Converter, words: Uint32Array, { width, height }: Rect): void {
    const colours = coloursOf(words, paletteLimit(words.length));
    if (!colours) {
      w.u8(streams.full << 4);
      return this.compress(w, streams.full, convert.tight(words));
    }
    const palette = convert.tight([...colours.keys()]);
    if (colours.size === 1) {
      w.u8(fill).bytes(palette);
      return;
    }
    const stream = colours.size === 2 ? streams.mono : streams.indexed;
    w.u8(explicit | (stream << 4), filterPalette, colours.size - 1).bytes(palette);
    this.compress(w, stream, packed(words, width, height, colours.size === 2 ? 1 : 8, colours));
  }

  private compress(w: Writer, stream: 0 | 1 | 2, data: Uint8Array): void {
    if (data.length < minCompress) {
      w.bytes(data);
      return;
    }
    this.scratch.cut(0);
    this.deflaters[stream].append(this.scratch, data);
    compactLength(w, this.scratch.length);
    w.bytes(this.scratch.take());
  }
}

/** One rectangle's data as a JPEG picture. */
export function appendJPEG(w: Writer, data: Uint8Array): void {
  w.u8(jpeg);
  compactLength(w, data.length);
  w.bytes(data);
}

/** 7, 7 and 8 bits, least significant first. */
function compactLength(w: Writer, n: number): void {
  if (n < 1 << 7) w.u8(n);
  else if (n < 1 << 14) w.u8((n & 0x7f) | 0x80, n >> 7);
  else w.u8((n & 0x7f) | 0x80, ((n >> 7) & 0x7f) | 0x80, n >> 14);
}

/** The longest that the compact length can tell. */
export const maxTightData = (1 << 22) - 1;
