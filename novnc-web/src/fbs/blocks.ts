// PROTOCOL.md, section 7b: the blocks of a recording, the chain of hashes over it, its signatures.

import { sha256 } from "@noble/hashes/sha2.js";
import { concat, utf8, type Bytes } from "../seal/bytes.ts";

/** What a recording begins with. */
const version = utf8("FBS 001.000\n");

/** The most bytes of data in a block. */
export const maxData = 1 << 20;

/** A link of the chain: whole blocks that begin within this time, with at most so many bytes. */
const chainTime = 10_000;
const chainBytes = 1 << 20;

/** A block of a recording. `at` is its time since the begin, in milliseconds. */
export interface Block {
  data: Bytes;
  at: number;
}

/** What arrived is no recording, or one that is damaged. */
export class DamagedError extends Error {
  override readonly name = "DamagedError";
}

/** Finds the blocks in the bytes of a recording, and computes the chain over them. */
export class Blocks {
  /** The bytes of whole blocks so far. */
  size = 0;
  /** The links of the chain so far; complete after `close`. */
  links = 0;
  private head: Bytes = concat(sha256(utf8("lotse recording 1")));
  private link: { hash: ReturnType<typeof sha256.create>; bytes: number; began: number } | null = null;
  private kept: Bytes = new Uint8Array(0);
  private last = 0;

  /** Takes bytes, and returns the blocks that they complete. Throws `DamagedError`. */
  take(bytes: Uint8Array): Block[] {
    this.kept = concat(this.kept, bytes);
    const blocks: Block[] = [];
    let at = 0;
    for (;;) {
      const found = this.block(this.kept.subarray(at));
      if (!found) break;
      blocks.push(found.block);
      at += found.length;
    }
    this.kept = this.kept.slice(at);
    return blocks;
  }

  /** Whether all bytes so far are of whole blocks. */
  get whole(): boolean {
    return this.kept.length === 0;
  }

  /** Completes the chain, and returns its last head. Nothing can be taken after it. */
  close(): Bytes {
    this.closeLink();
    return this.head;
  }

  /** The first block of `bytes`, with its whole length; null if it is not complete. */
  private block(bytes: Bytes): { block: Block; length: number } | null {
    const begin = this.size === 0 ? version.length : 0;
    for (let i = 0; i < Math.min(begin, bytes.length); i++)
      if (bytes[i] !== version[i]) throw new DamagedError("it does not begin with a version");
    if (bytes.length < begin + 4) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const n = view.getUint32(begin);
    if (n > maxData) throw new DamagedError(`a block of ${n} bytes`);
    const length = begin + 8 + n + (-n & 3);
    if (bytes.length < length) return null;
    const at = view.getUint32(length - 4);
    if (at < this.last) throw new DamagedError("the time runs backwards");
    this.last = at;
    this.add(bytes.subarray(0, length), at);
    return { block: { data: bytes.slice(begin + 4, begin + 4 + n), at }, length };
  }

  private add(block: Bytes, at: number): void {
    if (this.link && (at - this.link.began >= chainTime || this.link.bytes + block.length > chainBytes)) this.closeLink();
    this.link ??= { hash: sha256.create().update(this.head), bytes: 0, began: at };
    this.link.hash.update(block);
    this.link.bytes += block.length;
    this.size += block.length;
  }

  private closeLink(): void {
    if (!this.link) return;
    this.head = concat(this.link.hash.digest());
    this.link = null;
    this.links++;
  }
}

/** What both ends sign when a recording is complete. `blocks` must be closed, with this head. */
export function signedMessage(blocks: Blocks, head: Bytes, agent: Uint8Array, advisor: Uint8Array): Bytes {
  const numbers = new DataView(new ArrayBuffer(16));
  numbers.setBigUint64(0, BigInt(blocks.size));
  numbers.setBigUint64(8, BigInt(blocks.links));
  return concat(utf8("lotse recording signature 1"), agent, advisor, new Uint8Array(numbers.buffer), head);
}
