// PROTOCOL.md, section 7b: the pictures of a recording.

import type { Bytes } from "../seal/bytes.ts";
import { DamagedError } from "./blocks.ts";
import { opaque, ZRLE } from "./zrle.ts";

const encoding = { raw: 0, copyRect: 1, zrle: 16, desktopSize: -223 };

/** The largest picture: that of a screen with 7680 by 4320 pixels. */
const maxSide = 8192;
const maxPixels = 7680 * 4320;
const maxName = 4096;

/** Version, security type, ServerInit without the name. */
const beginSize = 12 + 4 + 24;
const version = "RFB 003.003\n";
/** 32 bits, little-endian, 8 bits for each colour: blue, green, red. RFC 6143, section 7.4. */
const format = [32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0];

/** A part of the picture, in pixels. */
export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A picture of a recording. Each pixel is RGBA in memory. */
export class Picture {
  readonly pixels: Uint32Array<ArrayBuffer>;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.pixels = new Uint32Array(width * height).fill(opaque(0, 0, 0));
  }
}

/** Decodes a recording. Everything that it reads is bounded and checked. */
export class Player {
  /** Changes with `take`; another one when the size has changed. Null before the begin. */
  picture: Picture | null = null;
  private kept: Bytes = new Uint8Array(0);
  private readonly zrle = new ZRLE();
  private readonly parser = this.parse();
  private need: number;
  private changed: Area[] = [];
  private updates = 0;

  constructor() {
    this.need = this.parser.next().value as number;
  }

  /**
   * Takes the data of a block. Returns what has changed if an update is complete with it, else
   * null. Throws `DamagedError`, and then takes nothing more.
   */
  take(data: Bytes): Area[] | null {
    const before = this.updates;
    let all = data;
    if (this.kept.length > 0) {
      all = new Uint8Array(this.kept.length + data.length);
      all.set(this.kept);
      all.set(data, this.kept.length);
    }
    let at = 0;
    while (all.length - at >= this.need) {
      const part = all.subarray(at, at + this.need);
      at += this.need;
      this.need = this.parser.next(part).value as number;
    }
    this.kept = all.slice(at);
    if (this.updates === before) return null;
    return this.changed.splice(0);
  }

  /** Reads a recording. It yields the number of bytes that it needs next. */
  private *parse(): Generator<number, never, Bytes> {
    const begin = yield beginSize;
    const view = viewOf(begin);
    const isOurs =
      [...version].every((c, i) => c.charCodeAt(0) === begin[i]) &&
      view.getUint32(12) === 1 &&
      format.every((byte, i) => begin[20 + i] === byte);
    if (!isOurs) throw new DamagedError("another format than of our recordings");
    const name = view.getUint32(36);
    if (name > maxName) throw new DamagedError(`a name of ${name} bytes`);
    this.resize(view.getUint16(16), view.getUint16(18));
    yield name;
    for (;;) {
      const head = viewOf(yield 4);
      if (head.getUint8(0) !== 0) throw new DamagedError(`message ${head.getUint8(0)}`);
      for (let left = head.getUint16(2); left > 0; left--) yield* this.rectangle();
      this.updates++;
    }
  }

  private *rectangle(): Generator<number, void, Bytes> {
    const head = viewOf(yield 12);
    const area = { x: head.getUint16(0), y: head.getUint16(2), width: head.getUint16(4), height: head.getUint16(6) };
    const kind = head.getInt32(8);
    if (kind === encoding.desktopSize) return this.resize(area.width, area.height);
    const picture = this.picture!;
    if (area.width < 1 || area.height < 1 || !isIn(area, picture)) throw new DamagedError("a rectangle outside of the picture");
    const pixels = area.width * area.height;
    const to = { ...area, pixels: picture.pixels, stride: picture.width, at: area.y * picture.width + area.x };
    switch (kind) {
      case encoding.raw:
        raw(picture, area, yield 4 * pixels);
        break;
      case encoding.copyRect: {
        const from = viewOf(yield 4);
        copy(picture, area, from.getUint16(0), from.getUint16(2));
        break;
      }
      case encoding.zrle: {
        const length = viewOf(yield 4).getUint32(0);
        // A tile of 64 by 64 pixels has at most one byte and its pixels, and deflate adds little.
        if (length > 4 * pixels + pixels / 64 + 4096) throw new DamagedError(`${length} bytes for ${pixels} pixels`);
        this.zrle.decode(yield length, to);
        break;
      }
      default:
        throw new DamagedError(`encoding ${kind}`);
    }
    this.changed.push(area);
  }

  private resize(width: number, height: number): void {
    if (width < 1 || height < 1 || width > maxSide || height > maxSide || width * height > maxPixels)
      throw new DamagedError(`a picture of ${width} by ${height}`);
    this.picture = new Picture(width, height);
    this.changed = [{ x: 0, y: 0, width, height }];
  }
}

function viewOf(bytes: Bytes): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isIn({ x, y, width, height }: Area, picture: Picture): boolean {
  return x + width <= picture.width && y + height <= picture.height;
}

function raw({ pixels, width }: Picture, area: Area, data: Bytes): void {
  for (let y = 0, from = 0; y < area.height; y++)
    for (let x = 0; x < area.width; x++, from += 4)
      pixels[(area.y + y) * width + area.x + x] = opaque(data[from + 2]!, data[from + 1]!, data[from]!);
}

/** RFC 6143, section 7.7.2. Both areas may overlap. */
function copy(picture: Picture, area: Area, x: number, y: number): void {
  if (!isIn({ ...area, x, y }, picture)) throw new DamagedError("a copy from outside of the picture");
  const { pixels, width } = picture;
  for (let i = 0; i < area.height; i++) {
    const row = y < area.y ? area.height - 1 - i : i;
    const from = (y + row) * width + x;
    pixels.copyWithin((area.y + row) * width + area.x, from, from + area.width);
  }
}
