// RFC 6143, section 7.7.6: ZRLE, in the pixel format of our recordings.

import { inflate, inflateInit } from "#pako/inflate.js";
import ZStream from "#pako/zstream.js";
import type { Bytes } from "../seal/bytes.ts";
import { DamagedError } from "./blocks.ts";

const side = 64;

/** More bytes than the pixels have, in a tile: its kind, and a palette. */
const tileExtra = 512;

/** The zlib stream of a recording. The browser's DecompressionStream cannot flush. */
class Inflater {
  private readonly stream = new ZStream();
  private output: Bytes = new Uint8Array(0);

  constructor() {
    inflateInit(this.stream);
  }

  /** Returns what the data contains, at most `limit` bytes. It is valid until the next call. */
  inflate(data: Bytes, limit: number): Bytes {
    const { stream } = this;
    if (this.output.length < limit) this.output = new Uint8Array(limit);
    Object.assign(stream, { input: data, next_in: 0, avail_in: data.length });
    Object.assign(stream, { output: this.output, next_out: 0, avail_out: limit });
    const failed = inflate(stream, 0) < 0;
    stream.input = null;
    if (failed || stream.avail_in > 0) throw new DamagedError("the zlib stream is damaged");
    return this.output.subarray(0, stream.next_out);
  }
}

/** Where a rectangle is drawn: rows of `stride` pixels, from `at` on, each as RGBA in memory. */
export interface Drawn {
  pixels: Uint32Array;
  at: number;
  stride: number;
  width: number;
  height: number;
}

/** Decodes the rectangles of one recording, in order. */
export class ZRLE {
  private readonly zlib = new Inflater();

  /** Draws a rectangle. Throws `DamagedError`. */
  decode(data: Bytes, to: Drawn): void {
    const tiles = Math.ceil(to.width / side) * Math.ceil(to.height / side);
    const tile = new Tiles(this.zlib.inflate(data, 4 * to.width * to.height + tileExtra * tiles));
    for (let y = 0; y < to.height; y += side)
      for (let x = 0; x < to.width; x += side) {
        const width = Math.min(side, to.width - x);
        const height = Math.min(side, to.height - y);
        tile.decode({ ...to, at: to.at + y * to.stride + x, width, height });
      }
    if (!tile.over) throw new DamagedError("bytes after a rectangle");
  }
}

/** Reads the tiles of a rectangle. */
class Tiles {
  private at = 0;
  private readonly palette = new Uint32Array(127);

  constructor(private readonly bytes: Bytes) {}

  get over(): boolean {
    return this.at === this.bytes.length;
  }

  decode(to: Drawn): void {
    const kind = this.byte();
    const colours = kind & 127;
    if ((kind > 16 && kind < 128) || kind === 129) throw new DamagedError(`a tile of kind ${kind}`);
    if (kind !== 128) for (let i = 0; i < colours; i++) this.palette[i] = this.pixel();
    if (kind >= 128) return this.runs(to, kind === 128 ? null : colours);
    if (kind === 0) return rows(to, () => this.pixel());
    if (kind === 1) return rows(to, () => this.palette[0]!);
    this.packed(to, colours);
  }

  /** Indexes of 1, 2 or 4 bits; each row begins with a byte. */
  private packed(to: Drawn, colours: number): void {
    const bits = colours === 2 ? 1 : colours <= 4 ? 2 : 4;
    for (let y = 0; y < to.height; y++) {
      let [byte, left] = [0, 0];
      for (let x = 0; x < to.width; x++) {
        if (left === 0) [byte, left] = [this.byte(), 8];
        left -= bits;
        const index = (byte >> left) & ((1 << bits) - 1);
        if (index >= colours) throw new DamagedError("a colour outside of the palette");
        to.pixels[to.at + y * to.stride + x] = this.palette[index]!;
      }
    }
  }

  /** Runs of equal pixels. `colours` is the size of the palette; null: without one. */
  private runs(to: Drawn, colours: number | null): void {
    let [pixel, left] = [0, 0];
    const next = () => {
      if (left === 0) [pixel, left] = colours === null ? [this.pixel(), this.length()] : this.run(colours);
      left--;
      return pixel;
    };
    rows(to, next);
    if (left > 0) throw new DamagedError("a run is longer than its tile");
  }

  private run(colours: number): [pixel: number, length: number] {
    const byte = this.byte();
    const index = byte & 127;
    if (index >= colours) throw new DamagedError("a colour outside of the palette");
    return [this.palette[index]!, byte & 128 ? this.length() : 1];
  }

  private length(): number {
    let n = 1;
    for (;;) {
      const byte = this.byte();
      n += byte;
      if (byte !== 255) return n;
    }
  }

  private byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new DamagedError("a rectangle is not complete");
    return byte;
  }

  private pixel(): number {
    const blue = this.byte();
    const green = this.byte();
    return opaque(this.byte(), green, blue);
  }
}

/** A pixel as it is in a canvas. Browsers run on little-endian machines only. */
export function opaque(red: number, green: number, blue: number): number {
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

function rows(to: Drawn, next: () => number): void {
  for (let y = 0; y < to.height; y++) {
    const row = to.at + y * to.stride;
    for (let x = 0; x < to.width; x++) to.pixels[row + x] = next();
  }
}
