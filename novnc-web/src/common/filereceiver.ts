// PROTOCOL.md, section 7a: the end of the streams that receives a file.

import { sha256 } from "@noble/hashes/sha2.js";
import { fileNothing, fileWindow, type FileHeader } from "../protocol_gen.ts";
import { concat, toHex } from "../seal/bytes.ts";
import type { FileChannel } from "./fileheader.ts";
import type { FileTarget } from "./filetarget.ts";

const sumSize = 32;

/**
 * How a stream ended. `early`: another stream can go on. `saved`: the file is complete and saved.
 * `damaged`: its hash is wrong. `unwritable`: it cannot be written here.
 */
export type ReceiveEnd = "early" | "saved" | "damaged" | "unwritable";

/** Receives one file, over as many streams as it needs, one after the other. */
export class FileReceiver {
  /** The bytes that are written. */
  written = 0;

  private readonly hash = sha256.create();
  private digest = "";
  private channel: FileChannel | null = null;
  private incoming: Incoming | null = null;

  /** `moved` is called when bytes were written. */
  constructor(
    private readonly id: string,
    private readonly size: number,
    private readonly target: FileTarget,
    private readonly moved: () => void,
  ) {}

  /** The SHA-256 of the file in hexadecimal; "" before it is saved. */
  get sum(): string {
    return this.digest;
  }

  /** Ends the stream, if there is one. What has arrived and is not being written is dropped. */
  close(): void {
    this.incoming?.drop();
    this.channel?.close();
  }

  /**
   * Receives what is not written yet, over a stream that this end has opened. Of `receive` and
   * `accept`, only one call may be under way, and none may follow an end other than `early`. When
   * it returns, nothing is being written any more.
   */
  receive(channel: FileChannel): Promise<ReceiveEnd> {
    const header: FileHeader = { file: this.id };
    return this.run(channel, new TextEncoder().encode(JSON.stringify(header) + "\n"));
  }

  /** The same over a stream whose header the sender has sent. */
  accept(channel: FileChannel): Promise<ReceiveEnd> {
    return this.run(channel, null);
  }

  private async run(channel: FileChannel, header: Uint8Array | null): Promise<ReceiveEnd> {
    this.channel = channel;
    try {
      return await this.receiveOn(channel, header);
    } finally {
      channel.close();
    }
  }

  private async receiveOn(channel: FileChannel, header: Uint8Array | null): Promise<ReceiveEnd> {
    // The last byte counts only when the hash is right, so it comes again if the hash is missing.
    const beforeLast = Math.max(0, this.size - 1);
    const begin = Math.min(this.written, beforeLast);
    const incoming = (this.incoming = new Incoming(channel, begin, this.size + sumSize));
    if (header) channel.send(header);
    sendCount(channel, begin);
    let at = begin;
    let sum = "";
    for (;;) {
      const part = await incoming.next();
      if (!part) return "early";
      const data = part.subarray(Math.max(0, this.written - at), Math.max(0, this.size - at));
      sum += toHex(part.subarray(Math.max(0, this.size - at)));
      at += part.length;
      if (data.length > 0 && !(await this.write(data))) return "unwritable";
      if (incoming.dropped) return "early";
      if (sum.length === 2 * sumSize) return this.finish(channel, sum);
      const count = Math.min(this.written, beforeLast);
      if (count > incoming.counted) {
        incoming.counted = count;
        sendCount(channel, count);
      }
    }
  }

  /** Writes bytes, and adds them to the hash. Returns false if that fails. */
  private async write(data: Uint8Array<ArrayBuffer>): Promise<boolean> {
    this.hash.update(data);
    try {
      await this.target.write(data);
    } catch {
      return false;
    }
    this.written += data.length;
    this.moved();
    return true;
  }

  private async finish(channel: FileChannel, sum: string): Promise<ReceiveEnd> {
    const digest = toHex(this.hash.digest());
    if (digest !== sum) return "damaged";
    try {
      await this.target.finish();
    } catch {
      return "unwritable";
    }
    this.digest = digest;
    sendCount(channel, this.size);
    return "saved";
  }
}

function sendCount(channel: FileChannel, count: number): void {
  const out = new DataView(new ArrayBuffer(8));
  out.setBigUint64(0, BigInt(count));
  channel.send(out.buffer);
}

/** The bytes that arrive on a stream. More than are allowed close the stream. */
class Incoming {
  /** Nothing of what arrives is wanted any more. */
  dropped = false;
  private parts: Uint8Array<ArrayBuffer>[] = [];
  private ended: boolean;
  private wake: () => void = () => {};

  /** All bytes before `at` have arrived, those before `counted` are counted; `end` is the last. */
  constructor(
    private readonly channel: FileChannel,
    private at: number,
    private readonly end: number,
    public counted = at,
  ) {
    channel.onmessage = ({ data }) => this.take(new Uint8Array(data));
    channel.onclose = () => this.stop();
    this.ended = channel.readyState !== 1;
  }

  /**
   * Returns all bytes that have arrived since the last call; null if the stream has ended. A stream
   * on which nothing comes for `fileNothing` is closed.
   */
  async next(): Promise<Uint8Array<ArrayBuffer> | null> {
    if (this.parts.length === 0 && !this.ended) {
      const patience = setTimeout(() => {
        this.channel.close();
        this.stop();
      }, fileNothing);
      await new Promise<void>((resolve) => (this.wake = resolve));
      clearTimeout(patience);
    }
    return this.parts.length === 0 ? null : concat(...this.parts.splice(0));
  }

  private take(part: Uint8Array<ArrayBuffer>): void {
    if (this.ended || part.length === 0) return;
    this.at += part.length;
    // The last byte and the hash may be under way beside a whole window.
    if (this.at > this.end || this.at - this.counted > fileWindow + sumSize + 1) {
      this.channel.close();
      return this.drop();
    }
    this.parts.push(part);
    this.wake();
  }

  drop(): void {
    this.dropped = true;
    this.parts = [];
    this.stop();
  }

  private stop(): void {
    this.ended = true;
    this.wake();
  }
}
