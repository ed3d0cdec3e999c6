// SPEC.md, section 4.

import { concat, type Bytes } from "./bytes.ts";
import { SealError } from "./errors.ts";
import { frameType, gcmTag, makeHeader, type Frame } from "./frame.ts";
import { expand } from "./keys.ts";

/** The number of records sealed with one key. */
export const rekeyAfter = 2 ** 20;

/**
 * The key and counter for what one end sends. Calls must not overlap: the caller awaits one record
 * before it starts the next.
 */
export class Direction {
  private key: CryptoKey | null = null;

  constructor(
    private secret: Bytes,
    private sequence = 0,
  ) {}

  async seal(plain: Bytes): Promise<Bytes> {
    const type = plain.length === 0 ? frameType.end : frameType.data;
    const header = makeHeader(type, plain.length + gcmTag);
    const { key, iv } = await this.next();
    const body = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: header }, key, plain);
    return concat(header, new Uint8Array(body));
  }

  async open(frame: Frame): Promise<Bytes> {
    const record = this.sequence;
    const { key, iv } = await this.next();
    try {
      const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: frame.header }, key, frame.body);
      return new Uint8Array(plain);
    } catch {
      throw new SealError("forged", `a record does not open; the line was tampered with (record ${record})`);
    }
  }

  /** Prepares key and nonce of the next record and counts it. */
  private async next(): Promise<{ key: CryptoKey; iv: Bytes }> {
    if (this.sequence !== 0 && this.sequence % rekeyAfter === 0) {
      this.secret = expand(this.secret, "rekey");
      this.key = null;
    }
    this.key ??= await crypto.subtle.importKey("raw", expand(this.secret, "key"), "AES-GCM", false, ["encrypt", "decrypt"]);
    const iv = new Uint8Array(12);
    new DataView(iv.buffer).setBigUint64(4, BigInt(this.sequence));
    this.sequence++;
    return { key: this.key, iv };
  }

  /** Overwrites the secret; the browser discards the key together with this object. */
  wipe(): void {
    this.secret.fill(0);
    this.key = null;
  }
}
