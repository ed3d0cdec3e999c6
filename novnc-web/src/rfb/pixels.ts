// RFC 6143, section 7.4: pixel formats. Internally pixels are words 0x00BBGGRR, as in a canvas on
// every machine that runs a browser.

import { u16, type Bytes, type Writer } from "./wire.ts";

export const pixelFormatSize = 16;

export interface PixelFormat {
  bitsPerPixel: 8 | 16 | 32;
  depth: number;
  bigEndian: boolean;
  max: [number, number, number]; // red, green, blue
  shift: [number, number, number];
}

/** The format in ServerInit, that of a canvas. */
export const nativeFormat: PixelFormat = {
  bitsPerPixel: 32,
  depth: 24,
  bigEndian: false,
  max: [255, 255, 255],
  shift: [0, 8, 16],
};

export function writePixelFormat(w: Writer, f: PixelFormat): void {
  w.u8(f.bitsPerPixel, f.depth, f.bigEndian ? 1 : 0, 1)
    .u16(...f.max)
    .u8(...f.shift, 0, 0, 0);
}

/** Reads a format; throws an error for one that is not supported. */
export function readPixelFormat(b: Uint8Array): PixelFormat {
  const bits = b[0];
  if (bits !== 8 && bits !== 16 && bits !== 32) throw new Error(`rfb: ${bits ?? 0} bits per pixel are not supported`);
  if (b[3] === 0) throw new Error("rfb: colour maps are not supported; please choose true colour in the viewer");
  const format: PixelFormat = {
    bitsPerPixel: bits,
    depth: b[1] ?? 0,
    bigEndian: b[2] !== 0,
    max: [u16(b, 4), u16(b, 6), u16(b, 8)],
    shift: [b[10] ?? 0, b[11] ?? 0, b[12] ?? 0],
  };
  let used = 0;
  for (const [i, max] of format.max.entries()) {
    const width = 32 - Math.clz32(max);
    if (max === 0 || (max & (max + 1)) !== 0 || width + format.shift[i]! > bits)
      throw new Error("rfb: the viewer's pixel format is impossible");
    const mask = (max << format.shift[i]!) >>> 0;
    if ((used & mask) !== 0) throw new Error("rfb: the viewer's pixel format is impossible");
    used |= mask;
  }
  return format;
}

/** Converts words to pixels of one format. */
export class Converter {
  readonly bytes: 1 | 2 | 4;
  /** Whether TPIXEL has three bytes; rfbproto, "Tight Encoding". JPEG is allowed only then. */
  readonly tight3: boolean;
  /** ZRLE's CPIXEL: the number of bytes, and the index of the first; RFC 6143, section 7.7.5. */
  private readonly compact: { bytes: number; skip: number };
  private readonly tables: [Uint32Array, Uint32Array, Uint32Array];

  constructor(private readonly format: PixelFormat) {
    const { max, shift, bitsPerPixel, depth, bigEndian } = format;
    this.bytes = (bitsPerPixel / 8) as 1 | 2 | 4;
    const table = (i: number) =>
      Uint32Array.from({ length: 256 }, (_, v) => (Math.floor((v * max[i]! + 127) / 255) << shift[i]!) >>> 0);
    this.tables = [table(0), table(1), table(2)];
    this.tight3 = bitsPerPixel === 32 && depth === 24 && max.every((m) => m === 255);
    const used = max.reduce((mask, m, i) => mask | (m << shift[i]!), 0) >>> 0;
    const low = used < 2 ** 24;
    const high = (used & 0xff) === 0;
    this.compact =
      bitsPerPixel === 32 && depth <= 24 && (low || high)
        ? { bytes: 3, skip: low === bigEndian ? 1 : 0 }
        : { bytes: this.bytes, skip: 0 };
  }

  get compactBytes(): number {
    return this.compact.bytes;
  }

  /** PIXEL; RFC 6143, section 7.7.1. */
  pixels(words: Uint32Array): Bytes {
    const out = new Uint8Array(words.length * this.bytes);
    const view = new DataView(out.buffer);
    const little = !this.format.bigEndian;
    for (let i = 0; i < words.length; i++) {
      const v = this.value(words[i]!);
      if (this.bytes === 4) view.setUint32(i * 4, v, little);
      else if (this.bytes === 2) view.setUint16(i * 2, v, little);
      else out[i] = v;
    }
    return out;
  }

  /** TPIXEL of the Tight encoding. */
  tight(words: ArrayLike<number>): Bytes {
    if (!this.tight3) return this.pixels(Uint32Array.from(words));
    const out = new Uint8Array(words.length * 3);
    for (let i = 0, at = 0; i < words.length; i++) {
      const w = words[i]!;
      out[at++] = w & 0xff;
      out[at++] = (w >> 8) & 0xff;
      out[at++] = (w >> 16) & 0xff;
    }
    return out;
  }

  /** CPIXEL of ZRLE. */
  compactPixels(words: ArrayLike<number>): Bytes {
    const whole = this.pixels(Uint32Array.from(words));
    const { bytes, skip } = this.compact;
    if (bytes === this.bytes) return whole;
    const out = new Uint8Array(words.length * bytes);
    for (let i = 0; i < words.length; i++) out.set(whole.subarray(i * 4 + skip, i * 4 + skip + 3), i * 3);
    return out;
  }

  private value(word: number): number {
    const [r, g, b] = this.tables;
    return (r[word & 0xff]! | g[(word >> 8) & 0xff]! | b[(word >> 16) & 0xff]!) >>> 0;
  }
}

/** The colours in order of appearance, if there are at most `limit`; else null. */
export function coloursOf(words: Uint32Array, limit: number): Map<number, number> | null {
  const colours = new Map<number, number>();
  let last = -1;
  for (const w of words) {
    if (w === last) continue;
    last = w;
    if (colours.has(w)) continue;
    if (colours.size === limit) return null;
    colours.set(w, colours.size);
  }
  return colours;
}
