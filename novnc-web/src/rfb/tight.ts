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
// The zlib streams, numbered as in the established servers.
const streams = { full: 0, mono: 1, indexed: 2 } as const;
// Shorter data is sent uncompressed.
const minCompress = 12;
/** The widest rectangle that Tight allows. */
export const tightMaxWidth = 2048;

const maxPalette = 256;

/** The largest palette that saves more than its table costs. */
function paletteLimit(pixels: number): number {
  return Math.max(2, Math.min(maxPalette, pixels / 8));
}

/** Distinguishes photographs from text and drawings, which are small without loss. */
export function isRich(words: Uint32Array): boolean {
  return coloursOf(words, paletteLimit(words.length)) === null;
}

/** Encodes without loss; `appendJPEG` may send rich rectangles instead. */
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

/** Appends the data of one rectangle as a JPEG picture. */
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

/** The largest value of the compact length. */
export const maxTightData = (1 << 22) - 1;
