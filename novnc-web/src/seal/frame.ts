// SPEC.md, section 2.

import { concat, type Bytes } from "./bytes.ts";
import { commitSize, nonceSize } from "./commit.ts";
import { shareSize } from "./cpace.ts";
import { SealError } from "./errors.ts";
import { tagLength } from "./keys.ts";

export const frameType = {
  commit: 0x10,
  share: 0x11,
  shareConfirm: 0x12,
  confirm: 0x13,
  refuse: 0x1f,
  data: 0x21,
  end: 0x22,
} as const;

export const headerSize = 3;
export const maxPlain = 32_768;
export const gcmTag = 16;
const maxBody = maxPlain + gcmTag;

const bodyLengths = new Map<number, number>([
  [frameType.commit, commitSize],
  [frameType.share, 1 + shareSize],
  [frameType.shareConfirm, 1 + shareSize + nonceSize + tagLength],
  [frameType.confirm, tagLength],
  [frameType.refuse, 1],
  [frameType.end, gcmTag],
]);

export interface Frame {
  type: number;
  header: Bytes;
  body: Bytes;
}

export function makeHeader(type: number, length: number): Bytes {
  return Uint8Array.of(type, length >> 8, length & 0xff);
}

export function makeFrame(type: number, ...body: Uint8Array[]): Bytes {
  const b = concat(...body);
  return concat(makeHeader(type, b.length), b);
}

/** Cuts a stream of chunks into frames; throws for one that is not in the table. */
export class FrameBuffer {
  private chunks: Bytes[] = [];
  private offset = 0; // how much of the first chunk is used
  private size = 0;

  get empty(): boolean {
    return this.size === 0;
  }

  push(chunk: Bytes): void {
    if (chunk.length === 0) return;
    this.chunks.push(chunk);
    this.size += chunk.length;
  }

  clear(): void {
    this.chunks = [];
    this.offset = this.size = 0;
  }

  /** The next complete frame, or null if more bytes are needed. */
  next(): Frame | null {
    if (this.size < headerSize) return null;
    const header = this.copy(headerSize);
    const [type = 0, high = 0, low = 0] = header;
    const length = (high << 8) | low;
    checkLength(type, length);
    if (this.size < headerSize + length) return null;
    this.skip(headerSize);
    const body = this.copy(length);
    this.skip(length);
    return { type, header, body };
  }

  private copy(n: number): Bytes {
    const out = new Uint8Array(n);
    let from = this.offset;
    let at = 0;
    for (const chunk of this.chunks) {
      const part = chunk.subarray(from, from + n - at);
      out.set(part, at);
      at += part.length;
      from = 0;
      if (at === n) break;
    }
    return out;
  }

  private skip(n: number): void {
    this.size -= n;
    this.offset += n;
    let whole = 0;
    for (const chunk of this.chunks) {
      if (this.offset < chunk.length) break;
      this.offset -= chunk.length;
      whole++;
    }
    if (whole > 0) this.chunks.splice(0, whole);
  }
}

function checkLength(type: number, length: number): void {
  const name = "frame 0x" + type.toString(16).padStart(2, "0");
  if (type === frameType.data) {
    if (length <= gcmTag || length > maxBody) throw new SealError("protocol", `${name} has impossible length ${length}`);
    return;
  }
  const want = bodyLengths.get(type);
  if (want === undefined) throw new SealError("protocol", `unknown ${name}`);
  if (length !== want) throw new SealError("protocol", `${name} has impossible length ${length}`);
}
