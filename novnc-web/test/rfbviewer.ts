// A strict RFB viewer for tests. It is written from the RFC and shares no code with the server.
// Anything unexpected is an error.

import { inflate, inflateInit } from "#pako/inflate.js";
import ZStream from "#pako/zstream.js";
import type { Duplex } from "../src/rfb/server.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The server's end of an in-memory connection. The test plays the viewer's end. */
export class ServerLine implements Duplex {
  onmessage: ((e: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((e: unknown) => void) | null = null;
  bufferedAmount = 0;
  closed = false;
  sent: Bytes[] = [];
  heard: (data: Bytes) => void = () => {};

  send(data: Bytes): void {
    if (this.closed) return;
    this.sent.push(data);
    this.heard(data);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    queueMicrotask(() => this.onclose?.({}));
  }

  say(data: Uint8Array): void {
    this.onmessage?.({ data: data.slice().buffer as ArrayBuffer });
  }

  /** Passes data from the viewer to the server byte by byte. */
  drip(data: Uint8Array): void {
    for (const b of data) this.say(Uint8Array.of(b));
  }
}

export function be16(v: number): number[] {
  return [(v >> 8) & 0xff, v & 0xff];
}

export function be32(v: number): number[] {
  return [(v >>> 24) & 0xff, (v >>> 16) & 0xff, (v >>> 8) & 0xff, v & 0xff];
}

export const say = {
  encodings: (...list: number[]) => Uint8Array.from([2, 0, ...be16(list.length), ...list.flatMap(be32)]),
  request: (incremental: boolean, x: number, y: number, w: number, h: number) =>
    Uint8Array.from([3, incremental ? 1 : 0, ...[x, y, w, h].flatMap(be16)]),
  key: Uint8Array.from([4, 1, 0, 0, 0, 0, 0, 65]),
  pointer: Uint8Array.from([5, 1, 0, 10, 0, 10]),
  cut: (length: number) => Uint8Array.from([6, 0, 0, 0, ...be32(length), ...new Uint8Array(Math.abs(length))]),
  continuous: (on: boolean, w: number, h: number) => Uint8Array.from([150, on ? 1 : 0, 0, 0, 0, 0, ...be16(w), ...be16(h)]),
  fence: (flags: number, payload: number[]) => Uint8Array.from([248, 0, 0, 0, ...be32(flags), payload.length, ...payload]),
  size: Uint8Array.from([251, 0, 0, 100, 0, 100, 1, 0, ...new Uint8Array(16)]),
  qemuKey: Uint8Array.from([255, 0, ...new Uint8Array(10)]),
  format: (bits: number, depth: number, big: boolean, max: number[], shift: number[]) =>
    Uint8Array.from([0, 0, 0, 0, bits, depth, big ? 1 : 0, 1, ...max.flatMap(be16), ...shift, 0, 0, 0]),
};

class Inflater {
  private readonly stream = new ZStream();

  constructor() {
    inflateInit(this.stream);
  }

  inflate(data: Uint8Array, expected: number): Uint8Array {
    const { stream } = this;
    [stream.input, stream.next_in, stream.avail_in] = [data, 0, data.length];
    const out = new Uint8Array(expected + 1);
    [stream.output, stream.next_out, stream.avail_out] = [out, 0, out.length];
    inflate(stream, 0);
    if (stream.next_out !== expected || stream.avail_in !== 0)
      throw new Error(`viewer: inflated ${stream.next_out} of ${expected} bytes, ${stream.avail_in} left over`);
    return out.subarray(0, expected);
  }
}

export interface Format {
  bytes: number;
  big: boolean;
  max: number[];
  shift: number[];
  tight3: boolean;
}

const native: Format = { bytes: 4, big: false, max: [255, 255, 255], shift: [0, 8, 16], tight3: true };

/** A rectangle as it arrived, for checks of what the server chose. */
export interface SeenRect {
  x: number;
  y: number;
  width: number;
  height: number;
  encoding: number;
  kind: string;
}

export class Viewer {
  width = 0;
  height = 0;
  name = "";
  pixels = new Uint32Array(0);
  format = native;
  updates: SeenRect[][] = [];
  fences: { flags: number; payload: number[] }[] = [];
  endOfContinuous = 0;
  reason: string | null = null;
  /** Whether fences are answered automatically, as viewers do. */
  answerFences = true;
  private buffer: number[] = [];
  private at = 0;
  private readonly zlib = new Inflater();
  private readonly zrle = new Inflater();
  private readonly tight = [new Inflater(), new Inflater(), new Inflater(), new Inflater()];
  private stage: "version" | "types" | "types33" | "result" | "init" | "open" = "version";
  failure: unknown = null;

  constructor(
    readonly line: ServerLine,
    private readonly minor: 3 | 7 | 8 = 8,
  ) {
    line.heard = (data) => {
      try {
        for (const b of data) this.buffer.push(b);
        while (this.step());
      } catch (e) {
        this.failure = e;
      }
    };
  }

  get isOpen(): boolean {
    return this.stage === "open";
  }

  /** Handles one complete message, none if it is incomplete. Reports whether data remain. */
  private step(): boolean {
    this.at = 0;
    try {
      this.message();
    } catch (e) {
      if (e === short) return false;
      throw e;
    }
    this.buffer.splice(0, this.at);
    return this.buffer.length > 0;
  }

  private take(n: number): Uint8Array {
    if (this.buffer.length < this.at + n) throw short;
    const out = Uint8Array.from(this.buffer.slice(this.at, this.at + n));
    this.at += n;
    return out;
  }

  private n8(): number {
    return this.take(1)[0]!;
  }

  private n16(): number {
    const [a = 0, b = 0] = this.take(2);
    return (a << 8) | b;
  }

  private n32(): number {
    return ((this.n16() << 16) | this.n16()) >>> 0;
  }

  private text(): string {
    return new TextDecoder("utf-8", { fatal: true }).decode(this.take(this.n32()));
  }

  private message(): void {
    switch (this.stage) {
      case "version": {
        const version = String.fromCharCode(...this.take(12));
        if (version !== "RFB 003.008\n") throw new Error("viewer: version " + version);
        this.line.say(Uint8Array.from(`RFB 003.00${this.minor}\n`, (c) => c.charCodeAt(0)));
        this.stage = this.minor === 3 ? "types33" : "types";
        return;
      }
      case "types33": {
        const type = this.n32();
        if (type === 0) return void (this.reason = this.text());
        if (type !== 1) throw new Error("viewer: security " + type);
        this.line.say(Uint8Array.of(1));
        this.stage = "init";
        return;
      }
      case "types": {
        const types = this.take(this.n8());
        if (types.length === 0) return void (this.reason = this.text());
        if (types.length !== 1 || types[0] !== 1) throw new Error("viewer: security types " + types.join());
        this.line.say(Uint8Array.of(1));
        this.stage = this.minor === 8 ? "result" : "init";
        if (this.minor === 7) this.line.say(Uint8Array.of(1));
        return;
      }
      case "result": {
        if (this.n32() !== 0) return void (this.reason = this.text());
        this.line.say(Uint8Array.of(1));
        this.stage = "init";
        return;
      }
      case "init": {
        const [w, h] = [this.n16(), this.n16()];
        this.take(16);
        this.name = this.text();
        this.resize(w, h);
        this.stage = "open";
        return;
      }
      case "open":
        return this.serverMessage();
    }
  }

  private resize(w: number, h: number): void {
    [this.width, this.height] = [w, h];
    this.pixels = new Uint32Array(w * h).fill(0x123456);
  }

  private serverMessage(): void {
    const type = this.n8();
    switch (type) {
      case 0:
        return this.update();
      case 150:
        this.endOfContinuous++;
        return;
      case 248: {
        this.take(3);
        const flags = this.n32();
        const payload = [...this.take(this.n8())];
        this.fences.push({ flags, payload });
        if (this.answerFences && (flags & 0x8000_0000) !== 0) this.line.say(say.fence((flags & 0x7fff_ffff) >>> 0, payload));
        return;
      }
    }
    throw new Error("viewer: message type " + type);
  }

  private update(): void {
    this.take(1);
    const count = this.n16();
    // The zlib streams must not receive data twice, so first check that the update is complete.
    const whole = this.at;
    for (let i = 0; i < count; i++) this.rect(false);
    this.at = whole;
    const seen: SeenRect[] = [];
    for (let i = 0; i < count; i++) seen.push(this.rect(true));
    this.updates.push(seen);
  }

  private rect(draw: boolean): SeenRect {
    const [x, y, width, height] = [this.n16(), this.n16(), this.n16(), this.n16()];
    const encoding = this.n32() | 0;
    const seen: SeenRect = { x, y, width, height, encoding, kind: "" };
    switch (encoding) {
      case -223:
        if (draw) this.resize(width, height);
        return seen;
      case -308: {
        const screens = this.n8();
        this.take(3 + 16 * screens);
        if (draw && y === 0) this.resize(width, height);
        return { ...seen, kind: `reason ${x} result ${y}` };
      }
      case -307: {
        const name = this.text();
        if (draw) this.name = name;
        return seen;
      }
    }
    if (draw && (x + width > this.width || y + height > this.height || width === 0 || height === 0))
      throw new Error(`viewer: rectangle ${x},${y} ${width}×${height} outside ${this.width}×${this.height}`);
    const words = this.decode(encoding, width, height, draw, seen);
    if (draw && words)
      for (let i = 0; i < words.length; i++) this.pixels[(y + Math.floor(i / width)) * this.width + x + (i % width)] = words[i]!;
    return seen;
  }

  private decode(encoding: number, w: number, h: number, draw: boolean, seen: SeenRect): Uint32Array | null {
    const size = w * h * this.format.bytes;
    switch (encoding) {
      case 0:
        return this.words(this.take(size), this.format.bytes);
      case 6: {
        const data = this.take(this.n32());
        return draw ? this.words(this.zlib.inflate(data, size), this.format.bytes) : null;
      }
      case 16: {
        const data = this.take(this.n32());
        return draw ? this.zrleTile(data, w, h) : null;
      }
      case 7:
        return this.tightRect(w, h, draw, seen);
    }
    throw new Error("viewer: encoding " + encoding);
  }

  private words(data: Uint8Array, bytes: number, skipHigh = false): Uint32Array {
    const { big, max, shift, tight3 } = this.format;
    return Uint32Array.from({ length: data.length / bytes }, (_, i) => {
      const b = [...data.subarray(i * bytes, (i + 1) * bytes)];
      if (tight3 && skipHigh) return b[0]! | (b[1]! << 8) | (b[2]! << 16);
      const v = (big ? b : b.reverse()).reduce((n, c) => n * 256 + c, 0);
      const channel = (c: number) => Math.round((((v >>> shift[c]!) & max[c]!) * 255) / max[c]!);
      return channel(0) | (channel(1) << 8) | (channel(2) << 16);
    });
  }

  /**
   * Decodes the subencodings of a server without run lengths: raw, one colour, packed palette.
   */
  private zrleTile(data: Uint8Array, w: number, h: number): Uint32Array {
    const bytes = this.format.bytes === 4 ? 3 : this.format.bytes;
    const stream = this.zrle;
    // The first byte tells how the tile is encoded.
    const probe = inflateAll(stream, data);
    const sub = probe[0]!;
    const pixels = (b: Uint8Array) => this.compactWords(b, bytes);
    if (sub === 0) return pixels(probe.subarray(1));
    if (sub === 1) return new Uint32Array(w * h).fill(pixels(probe.subarray(1))[0]!);
    if (sub > 16) throw new Error("viewer: zrle subencoding " + sub);
    const palette = pixels(probe.subarray(1, 1 + sub * bytes));
    const bits = sub === 2 ? 1 : sub <= 4 ? 2 : 4;
    return this.indexed(probe.subarray(1 + sub * bytes), palette, bits, w, h);
  }

  private compactWords(b: Uint8Array, bytes: number): Uint32Array {
    if (bytes !== 3) return this.words(b, bytes);
    const { big, shift } = this.format;
    const low = Math.max(...shift) < 24;
    const whole = new Uint8Array((b.length / 3) * 4);
    for (let i = 0; i < b.length / 3; i++) whole.set(b.subarray(i * 3, i * 3 + 3), i * 4 + (low === big ? 1 : 0));
    return this.words(whole, 4);
  }

  private indexed(data: Uint8Array, palette: Uint32Array, bits: number, w: number, h: number): Uint32Array {
    const stride = Math.ceil((w * bits) / 8);
    if (data.length !== stride * h) throw new Error(`viewer: ${data.length} bytes of indices, want ${stride * h}`);
    return Uint32Array.from({ length: w * h }, (_, i) => {
      const bit = (i % w) * bits;
      const index = (data[Math.floor(i / w) * stride + (bit >> 3)]! >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
      if (index >= palette.length) throw new Error("viewer: index past the palette");
      return palette[index]!;
    });
  }

  private compactLength(): number {
    let n = this.n8();
    if (n < 0x80) return n;
    let b = this.n8();
    n = (n & 0x7f) | ((b & 0x7f) << 7);
    if (b < 0x80) return n;
    b = this.n8();
    return n | (b << 14);
  }

  private tightRect(w: number, h: number, draw: boolean, seen: SeenRect): Uint32Array | null {
    if (w > 2048) throw new Error("viewer: Tight rectangle too wide");
    const pixel = this.format.tight3 ? 3 : this.format.bytes;
    const control = this.n8();
    if ((control & 0x0f) !== 0) throw new Error("viewer: Tight stream was reset");
    if (control === 0x80) {
      seen.kind = "fill";
      const colour = this.words(this.take(pixel), pixel, true)[0]!;
      return new Uint32Array(w * h).fill(colour);
    }
    if (control === 0x90) {
      if (!this.format.tight3) throw new Error("viewer: JPEG in a small format");
      seen.kind = "jpeg";
      const data = this.take(this.compactLength());
      return draw ? fakeJPEG.decode(data, w, h) : null;
    }
    if (control >= 0x80) throw new Error("viewer: Tight control " + control);
    const stream = (control >> 4) & 3;
    const inflated = (size: number): Uint8Array | null => {
      if (size < 12) return this.take(size);
      const data = this.take(this.compactLength());
      return draw ? this.tight[stream]!.inflate(data, size) : null;
    };
    if ((control & 0x40) === 0) {
      seen.kind = "full";
      const data = inflated(w * h * pixel);
      return data && this.words(data, pixel, true);
    }
    if (this.n8() !== 1) throw new Error("viewer: Tight filter");
    const colours = this.n8() + 1;
    const palette = this.words(this.take(colours * pixel), pixel, true);
    seen.kind = "palette " + colours;
    const bits = colours === 2 ? 1 : 8;
    const data = inflated(Math.ceil((w * bits) / 8) * h);
    return data && this.indexed(data, palette, bits, w, h);
  }
}

const short = Symbol("short");

function inflateAll(inflater: Inflater, data: Uint8Array): Uint8Array {
  const stream = (inflater as unknown as { stream: ZStream }).stream;
  [stream.input, stream.next_in, stream.avail_in] = [data, 0, data.length];
  const out = new Uint8Array(64 * 64 * 4 + 64);
  [stream.output, stream.next_out, stream.avail_out] = [out, 0, out.length];
  inflate(stream, 0);
  if (stream.avail_in !== 0) throw new Error("viewer: zrle data left over");
  return out.subarray(0, stream.next_out);
}

/**
 * Replaces JPEG, which Node cannot encode: it keeps six bits of each colour, so that the loss
 * is visible.
 */
export const fakeJPEG = {
  made: 0,
  encode: async (words: Uint32Array, w: number, h: number, quality: number): Promise<Uint8Array> => {
    fakeJPEG.made++;
    await Promise.resolve();
    const out = new Uint8Array(5 + w * h * 3);
    out.set([...be16(w), ...be16(h), Math.round(quality * 100)]);
    words.forEach((v, i) => out.set([v & 0xfc, (v >> 8) & 0xfc, (v >> 16) & 0xfc], 5 + i * 3));
    return out;
  },
  decode: (b: Uint8Array, w: number, h: number): Uint32Array => {
    if (((b[0]! << 8) | b[1]!) !== w || ((b[2]! << 8) | b[3]!) !== h) throw new Error("viewer: JPEG of another size");
    return Uint32Array.from({ length: w * h }, (_, i) => b[5 + i * 3]! | (b[6 + i * 3]! << 8) | (b[7 + i * 3]! << 16));
  },
};

/** Waits until a condition holds. The server works asynchronously. */
export async function until(what: () => boolean, name = "it"): Promise<void> {
  for (const end = Date.now() + patience; Date.now() < end;) {
    if (what()) return;
    await turn();
  }
  throw new Error(name + " did not come");
}

const patience = 60_000;

/** Lets all tasks run that are ready. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
