// SPEC.md, section 4, with the members of a WebSocket.

import type { Bytes } from "./bytes.ts";
import { SealError } from "./errors.ts";
import { frameType, maxPlain } from "./frame.ts";
import { open, sendOn, type Inbox, type Line } from "./inbox.ts";
import type { Origin } from "./origin.ts";
import type { Direction } from "./record.ts";

const closed = 3;

/**
 * A sealed line that looks like an open WebSocket, so that noVNC accepts it unchanged. noVNC looks
 * for the members only on the object and on its immediate prototype, so this class must not inherit
 * them.
 */
export class SealedChannel {
  binaryType = "arraybuffer"; // set by noVNC; no other type is ever delivered
  readonly protocol = "";
  readyState = open;
  onopen: ((e: unknown) => void) | null = null; // never called, because the channel is open already
  onmessage: ((e: { data: ArrayBuffer }) => void) | null = null;
  onerror: ((e: SealError) => void) | null = null;
  onclose: ((e: { code: number; reason: string; wasClean: boolean }) => void) | null = null;

  /** Why it ended; null while it is open and after a normal end. */
  failure: SealError | null = null;

  private pending: Bytes[] = []; // not sealed yet
  private pendingSize = 0;
  private sending: Promise<void> | null = null;

  constructor(
    private readonly line: Line,
    private readonly inbox: Inbox,
    private readonly out: Direction,
    private readonly incoming: Direction,
    /**
     * The exchange over the number alone that the stream goes back to: an earlier one, or this
     * stream's own.
     */
    readonly origin: Origin,
    /** Whether the advisor's end passes the stream on unsealed. */
    readonly onward: boolean,
  ) {
    // Gives the caller time to set the handlers first.
    setTimeout(() => void this.receive());
  }

  /** The four digits that both ends can compare by voice. */
  get compare(): string {
    return this.origin.compare;
  }

  /** The bytes that were sent and have not left yet; a fast sender waits until there are few. */
  get bufferedAmount(): number {
    return this.pendingSize + (this.line.bufferedAmount ?? 0);
  }

  /** Copies data and sends it soon; data of the same turn shares a record. */
  send(data: ArrayBuffer | Uint8Array): void {
    if (this.readyState !== open) return;
    const copy = data instanceof ArrayBuffer ? new Uint8Array(data.slice(0)) : new Uint8Array(data);
    this.pending.push(copy);
    this.pendingSize += copy.length;
    this.sending ??= this.sealPending();
  }

  /** Sends what is pending and the End, then closes the line. */
  close(): void {
    if (this.readyState !== open) return;
    this.finish(null, this.farewell());
  }

  private async farewell(): Promise<void> {
    await this.sending;
    sendOn(this.line, await this.out.seal(new Uint8Array(0)));
  }

  private async sealPending(): Promise<void> {
    await Promise.resolve(); // let the calls of one turn share a record
    try {
      while (this.pending.length > 0) {
        const record = this.takePending();
        this.pendingSize -= record.length;
        sendOn(this.line, await this.out.seal(record));
      }
    } catch (e) {
      this.fail(e);
    } finally {
      this.sending = null;
    }
  }

  /** Takes at most the data of one record. */
  private takePending(): Bytes {
    let size = 0;
    let count = 0;
    for (const part of this.pending) {
      if (size + part.length > maxPlain) break;
      size += part.length;
      count++;
    }
    if (count === 0) {
      const first = this.pending[0]!;
      this.pending[0] = first.subarray(maxPlain);
      return first.subarray(0, maxPlain);
    }
    if (count === 1) return this.pending.shift()!;
    const record = new Uint8Array(size);
    let at = 0;
    for (const part of this.pending.splice(0, count)) {
      record.set(part, at);
      at += part.length;
    }
    return record;
  }

  /** Opens records in order until the end. */
  private async receive(): Promise<void> {
    try {
      while (this.readyState === open) {
        const frame = await this.inbox.next();
        if (this.readyState !== open) return;
        if (!frame) throw new SealError("truncated", "the line was cut before the other end had finished");
        if (frame.type !== frameType.data && frame.type !== frameType.end)
          throw new SealError("protocol", `frame 0x${frame.type.toString(16)} after the key exchange`);
        const plain = await this.incoming.open(frame);
        if (this.readyState !== open) return;
        if (frame.type === frameType.end) {
          if (this.inbox.hasMore) throw new SealError("protocol", "bytes after the end");
          this.close();
          return;
        }
        this.onmessage?.({ data: plain.buffer });
      }
    } catch (e) {
      this.fail(e);
    }
  }

  private fail(e: unknown): void {
    const failure = e instanceof SealError ? e : new SealError("line", "the line was lost");
    this.finish(failure, Promise.resolve());
  }

  private finish(failure: SealError | null, before: Promise<void>): void {
    if (this.readyState !== open) return;
    this.readyState = closed;
    this.failure = failure;
    this.inbox.drop();
    void before
      .catch(() => {}) // the line may be gone, and nobody is left to be informed
      .finally(() => {
        this.line.close();
        this.out.wipe();
        this.incoming.wipe();
      });
    // As with a WebSocket, the events follow the call that caused them.
    queueMicrotask(() => {
      if (failure) this.onerror?.(failure);
      this.onclose?.({ code: failure ? 1006 : 1000, reason: failure?.message ?? "", wasClean: !failure });
    });
  }
}
