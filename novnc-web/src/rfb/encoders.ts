import { coloursOf, type Converter } from "./pixels.ts";
import type { Rect } from "./tiles.ts";
import type { Bytes, Writer } from "./wire.ts";
import { Deflater } from "./zstream.ts";

/** Writes the data of one rectangle, after its header. */
export interface Encoder {
  encode(w: Writer, convert: Converter, words: Uint32Array, rect: Rect): void;
}

/** RFC 6143, section 7.7.1. */
export class RawEncoder implements Encoder {
  encode(w: Writer, convert: Converter, words: Uint32Array): void {
    w.bytes(convert.pixels(words));
  }
}

/** rfbproto, "Zlib Encoding": raw pixels through one stream, after their length. */
export class ZlibEncoder implements Encoder {
  private readonly stream = new Deflater();

  encode(w: Writer, convert: Converter, words: Uint32Array): void {
    behindLength(w, () => this.stream.append(w, convert.pixels(words)));
  }
}

/** RFC 6143, section 7.7.6. Our tiles have ZRLE's size. */
export class ZRLEEncoder implements Encoder {
  private readonly stream = new Deflater();

  encode(w: Writer, convert: Converter, words: Uint32Array, { width, height }: Rect): void {
    behindLength(w, () => this.stream.append(w, zrleTile(convert, words, width, height)));
  }
}

function zrleTile(convert: Converter, words: Uint32Array, width: number, height: number): Bytes {
  const colours = coloursOf(words, 16);
  if (!colours) return join(Uint8Array.of(0), convert.compactPixels(words));
  const palette = convert.compactPixels([...colours.keys()]);
  if (colours.size === 1) return join(Uint8Array.of(1), palette);
  const bits = colours.size <= 2 ? 1 : colours.size <= 4 ? 2 : 4;
  return join(Uint8Array.of(colours.size), palette, packed(words, width, height, bits, colours));
}

/** Indices of `bits` bits each; every row begins at a new byte. */
export function packed(words: Uint32Array, width: number, height: number, bits: number, colours: Map<number, number>): Bytes {
  const stride = Math.ceil((width * bits) / 8);
  const out = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * bits;
      out[y * stride + (bit >> 3)]! |= colours.get(words[y * width + x]!)! << (8 - bits - (bit & 7));
    }
  }
  return out;
}

function behindLength(w: Writer, write: () => void): void {
  const at = w.length;
  w.u32(0);
  write();
  const size = w.length - at - 4;
  w.patch16(at, size >>> 16);
  w.patch16(at + 2, size & 0xffff);
}

export function join(...parts: Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}
