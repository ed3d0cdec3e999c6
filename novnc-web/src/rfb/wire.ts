// Reading and writing bytes, big endian as in RFB.

export type Bytes = Uint8Array<ArrayBuffer>;

/** A buffer that grows as it is written. */
export class Writer {
  private buffer: Bytes = new Uint8Array(4096);
  length = 0;

  u8(...values: number[]): this {
    const at = this.grow(values.length);
    this.buffer.set(values, at);
    return this;
  }

  u16(...values: number[]): this {
    for (const v of values) this.u8((v >> 8) & 0xff, v & 0xff);
    return this;
  }

  u32(v: number): this {
    return this.u8((v >>> 24) & 0xff, (v >>> 16) & 0xff, (v >>> 8) & 0xff, v & 0xff);
  }

  bytes(data: Uint8Array): this {
    const at = this.grow(data.length);
    this.buffer.set(data, at);
    return this;
  }

  /** Adds `n` bytes, which the caller fills at once. */
  room(n: number): Bytes {
    const at = this.grow(n);
    return this.buffer.subarray(at, at + n);
  }

  patch16(at: number, v: number): void {
    this.buffer[at] = (v >> 8) & 0xff;
    this.buffer[at + 1] = v & 0xff;
  }

  /** Removes what was written after `length`. */
  cut(length: number): void {
    this.length = length;
  }

  /** A copy of everything written. */
  take(): Bytes {
    return this.buffer.slice(0, this.length);
  }

  private grow(n: number): number {
    const at = this.length;
    this.length += n;
    if (this.length > this.buffer.length) {
      const larger = new Uint8Array(Math.max(this.length, this.buffer.length * 2));
      larger.set(this.buffer.subarray(0, at));
      this.buffer = larger;
    }
    return at;
  }
}

export function u16(b: Uint8Array, at: number): number {
  return ((b[at] ?? 0) << 8) | (b[at + 1] ?? 0);
}

export function u32(b: Uint8Array, at: number): number {
  return ((u16(b, at) << 16) | u16(b, at + 2)) >>> 0;
}

export function i32(b: Uint8Array, at: number): number {
  return u32(b, at) | 0;
}

/** The line ended before the expected bytes arrived. */
export class Ended extends Error {
  override readonly name = "Ended";

  constructor() {
    super("rfb: the viewer is gone");
  }
}

/** How many unread bytes a viewer may send. */
const maxUnread = 1 << 20;

/** Turns pieces of any size into pieces of the requested sizes. */
export class Reader {
  private pieces: Uint8Array[] = [];
  private offset = 0; // how much of the first piece is used
  private size = 0;
  private ended = false;
  private wake: (() => void) | null = null;

  /** Returns false if the viewer has sent far too many unread bytes. */
  push(piece: Uint8Array): boolean {
    if (this.ended || piece.length === 0) return true;
    this.pieces.push(piece);
    this.size += piece.length;
    this.wake?.();
    return this.size <= maxUnread;
  }

  /** No more pieces will arrive; those present can still be read. */
  end(): void {
    this.ended = true;
    this.wake?.();
  }

  /** Whether everything was read and nothing more will arrive. */
  get over(): boolean {
    return this.ended && this.size === 0;
  }

  async read(n: number): Promise<Bytes> {
    while (this.size < n) await this.more();
    const out = new Uint8Array(n);
    for (let at = 0; at < n;) at += this.move(n - at, out, at);
    return out;
  }

  /** Reads and discards bytes without holding all of them. */
  async skip(n: number): Promise<void> {
    while (n > 0) {
      if (this.size === 0) await this.more();
      n -= this.move(n, null, 0);
    }
  }

  private async more(): Promise<void> {
    if (this.ended) throw new Ended();
    await new Promise<void>((resolve) => (this.wake = resolve));
    this.wake = null;
  }

  private move(most: number, out: Uint8Array | null, at: number): number {
    const piece = this.pieces[0];
    if (!piece) return 0;
    const part = piece.subarray(this.offset, this.offset + most);
    out?.set(part, at);
    this.offset += part.length;
    this.size -= part.length;
    if (this.offset === piece.length) {
      this.pieces.shift();
      this.offset = 0;
    }
    return part.length;
  }
}
