// PROTOCOL.md, section 7b: the advisor's end of the streams that bring a recording.

import { ed25519 } from "@noble/curves/ed25519.js";
import { Blocks, DamagedError, signedMessage, type Block } from "../fbs/blocks.ts";
import { fileWindow, maxRecordPart, type RecordHeader } from "../protocol_gen.ts";
import { concat, toBase64url } from "../seal/bytes.ts";
import type { SealedChannel } from "../seal/index.ts";

const signatureSize = 64;
const everything = 2n ** 64n - 1n;

/** The key with which this page signs recordings of one session. */
export class RecordKey {
  private readonly pair = ed25519.keygen();
  readonly announced = toBase64url(this.pair.publicKey);

  get public(): Uint8Array {
    return this.pair.publicKey;
  }

  sign(message: Uint8Array): Uint8Array {
    return ed25519.sign(message, this.pair.secretKey);
  }
}

/**
 * How a stream ended. `early`: another stream can go on. `complete`: both ends have signed.
 * `damaged`: what came is no recording of the customer's program.
 */
export type RecordEnd = "early" | "complete" | "damaged";

/** Receives one recording, over as many streams as it needs, one after the other. */
export class RecordReceiver {
  private readonly header: RecordHeader;
  private readonly blocks = new Blocks();
  private taken = 0;
  private channel: SealedChannel | null = null;

  /**
   * `agent` is the key that the customer's program has announced. `take` is given each block; it
   * may throw, which `receive` passes on. No block comes before `take` has returned.
   */
  constructor(
    private readonly key: RecordKey,
    private readonly agent: Uint8Array,
    private readonly take: (block: Block) => Promise<void>,
  ) {
    const id = toBase64url(crypto.getRandomValues(new Uint8Array(16)));
    this.header = { recording: id, key: key.announced };
  }

  /** Ends the stream, if there is one. */
  close(): void {
    this.channel?.close();
  }

  /**
   * Receives what follows. Only one call may be under way, and none may follow an end other than
   * `early`. Throws what `take` throws.
   */
  async receive(channel: SealedChannel): Promise<RecordEnd> {
    this.channel = channel;
    try {
      return await this.receiveOn(channel);
    } catch (e) {
      if (e instanceof DamagedError) return "damaged";
      throw e;
    } finally {
      channel.close();
    }
  }

  private async receiveOn(channel: SealedChannel): Promise<RecordEnd> {
    const incoming = new Incoming(channel);
    channel.send(new TextEncoder().encode(JSON.stringify(this.header) + "\n"));
    for (;;) {
      channel.send(count(BigInt(this.taken)));
      const head = await incoming.read(4);
      if (!head) return "early";
      const length = new DataView(head.buffer).getUint32(0);
      if (length === 0) return this.finish(channel, await incoming.read(signatureSize));
      if (length > maxRecordPart) throw new DamagedError(`a frame of ${length} bytes`);
      const part = await incoming.read(length);
      if (!part) return "early";
      this.taken += length;
      for (const block of this.blocks.take(part)) await this.take(block);
    }
  }

  /** Checks the signature of the customer's program, and signs too. */
  private finish(channel: SealedChannel, theirs: Uint8Array | null): RecordEnd {
    if (!theirs) return "early";
    if (!this.blocks.whole) return "damaged";
    const message = signedMessage(this.blocks, this.blocks.close(), this.agent, this.key.public);
    if (!verified(theirs, message, this.agent)) return "damaged";
    channel.send(concat(new Uint8Array(count(everything)), this.key.sign(message)));
    return "complete";
  }
}

function verified(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, key);
  } catch {
    return false; // not even the encoding of a key or signature
  }
}

function count(n: bigint): ArrayBuffer {
  const out = new DataView(new ArrayBuffer(8));
  out.setBigUint64(0, n);
  return out.buffer;
}

/** The bytes that arrive on a stream. More than are allowed to be under way close it. */
class Incoming {
  private parts: Uint8Array<ArrayBuffer>[] = [];
  private size = 0;
  private ended: boolean;
  private wake: () => void = () => {};

  constructor(private readonly channel: SealedChannel) {
    channel.onmessage = ({ data }) => this.take(new Uint8Array(data));
    channel.onclose = () => this.stop();
    this.ended = channel.readyState !== 1;
  }

  /** Returns the next n bytes; null if the stream ends before. */
  async read(n: number): Promise<Uint8Array<ArrayBuffer> | null> {
    while (this.size < n && !this.ended) await new Promise<void>((resolve) => (this.wake = resolve));
    if (this.size < n) return null;
    const all = concat(...this.parts);
    this.parts = [all.subarray(n)];
    this.size -= n;
    return all.slice(0, n);
  }

  private take(part: Uint8Array<ArrayBuffer>): void {
    if (this.ended) return;
    this.size += part.length;
    if (this.size > fileWindow + (fileWindow >> 3)) {
      this.channel.close();
      return this.stop();
    }
    this.parts.push(part);
    this.wake();
  }

  private stop(): void {
    this.ended = true;
    this.wake();
  }
}
