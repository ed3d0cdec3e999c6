// PROTOCOL.md, section 7a: the end of the streams that sends a file.

import { sha256 } from "@noble/hashes/sha2.js";
import type { FileHeader } from "../protocol_gen.ts";
import type { FileChannel } from "./fileheader.ts";
import { FileWindow } from "./filewindow.ts";

/**
 * How a stream ended. `unheard`: the agent has not said where to begin, so it may not know of the
 * stream. `early`: the agent says when it wants another one. `sent`: everything was sent.
 * `unreadable`: the file cannot be read any more.
 */
export type StreamEnd = "unheard" | "early" | "sent" | "unreadable";

/** Sends one file, over as many streams as it needs, one after the other. */
export class FileSender {
  /** The bytes that the receiver has taken. */
  counted = 0;

  private readonly hash = sha256.create();
  /** The bytes before this offset are in the hash. All that was ever sent is. */
  private hashed = 0;
  private digest: Uint8Array | null = null;
  private channel: FileChannel | null = null;
  private whole = false;

  /** `moved` is called when bytes were counted. */
  constructor(
    private readonly id: string,
    private readonly file: Blob,
    private readonly moved: () => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** The SHA-256 of the whole file; null before all of it was read. */
  get sum(): Uint8Array | null {
    return this.digest;
  }

  /** Whether the receiver has counted the last byte after it got the hash. */
  get taken(): boolean {
    return this.whole;
  }

  /** Ends the stream, if there is one. */
  close(): void {
    this.channel?.close();
  }

  /**
   * Sends what the receiver does not have yet, over a stream that this end has opened. Of `send`
   * and `serve`, only one call may be under way.
   */
  async send(channel: FileChannel): Promise<StreamEnd> {
    const counts = new Counts(channel, this.hashed);
    const header: FileHeader = { file: this.id };
    channel.send(new TextEncoder().encode(JSON.stringify(header) + "\n"));
    return this.sendAndClose(channel, counts);
  }

  /** The same over a stream whose header the receiver has sent. `rest` is what came after it. */
  async serve(channel: FileChannel, rest: Uint8Array<ArrayBuffer>): Promise<StreamEnd> {
    return this.sendAndClose(channel, new Counts(channel, this.hashed, rest));
  }

  private async sendAndClose(channel: FileChannel, counts: Counts): Promise<StreamEnd> {
    this.channel = channel;
    try {
      return await this.sendOn(channel, counts);
    } finally {
      channel.close();
    }
  }

  private async sendOn(channel: FileChannel, counts: Counts): Promise<StreamEnd> {
    const { size } = this.file;
    if (!(await counts.until(() => counts.last !== null))) return "unheard";
    let at = counts.last!;
    counts.most = at;
    const window = new FileWindow(at, this.now);
    counts.oncount = (n) => {
      window.counted(n);
      this.take(n);
    };
    this.take(at);
    while (at < size) {
      const next = () => Math.min(window.slice, size - at);
      if (!(await counts.until(() => at - counts.last! + next() <= window.size))) return "early";
      const part = await this.read(at, at + next());
      if (!part) return "unreadable";
      if (counts.ended) return "early";
      at += part.length;
      counts.most = at;
      window.sent(at);
      channel.send(part);
    }
    this.digest ??= this.hash.digest();
    channel.send(this.digest);
    this.whole = await counts.until(() => counts.last === size && counts.again);
    return "sent";
  }

  private take(counted: number): void {
    this.counted = counted;
    this.moved();
  }

  /** Reads a part of the file, and adds to the hash what is new of it. Null if that fails. */
  private async read(from: number, to: number): Promise<Uint8Array | null> {
    let part: Uint8Array;
    try {
      part = new Uint8Array(await this.file.slice(from, to).arrayBuffer());
    } catch {
      return null;
    }
    if (part.length !== to - from) return null; // the file has changed
    if (to > this.hashed) {
      this.hash.update(part.subarray(this.hashed - from));
      this.hashed = to;
    }
    return part;
  }
}

const countSize = 8;

/** The counts that arrive on a stream. A count that cannot be right closes the stream. */
class Counts {
  /** The latest one; null before the first, which says where to begin. */
  last: number | null = null;
  /** There was more than the first one. */
  again = false;
  ended = false;
  oncount: (n: number) => void = () => {};

  private rest = new Uint8Array(0);
  private wake: () => void = () => {};

  /** `most` is the largest count that can be right. `begun` has arrived already. */
  constructor(
    private readonly channel: FileChannel,
    public most: number,
    begun = new Uint8Array(0),
  ) {
    channel.onmessage = ({ data }) => this.receive(new Uint8Array(data));
    channel.onclose = () => this.end();
    this.ended = channel.readyState !== 1;
    this.receive(begun);
  }

  /** Waits until a condition holds that counts change. Returns false if the stream ends before. */
  async until(holds: () => boolean): Promise<boolean> {
    while (!this.ended && !holds()) await new Promise<void>((resolve) => (this.wake = resolve));
    return !this.ended;
  }

  private receive(data: Uint8Array): void {
    const all = new Uint8Array(this.rest.length + data.length);
    all.set(this.rest);
    all.set(data, this.rest.length);
    const view = new DataView(all.buffer);
    let at = 0;
    for (; at + countSize <= all.length && !this.ended; at += countSize) this.take(view.getBigUint64(at));
    this.rest = all.slice(at);
    this.wake();
  }

  private take(count: bigint): void {
    if (count > BigInt(this.most) || count < BigInt(this.last ?? 0)) {
      this.channel.close();
      return this.end();
    }
    this.again = this.last !== null;
    this.last = Number(count);
    if (this.again) this.oncount(this.last);
  }

  private end(): void {
    this.ended = true;
    this.wake();
  }
}
