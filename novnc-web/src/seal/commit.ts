// SPEC.md, section 3: the advisor's end commits to its share before it sees the agent's, so that an
// attacker between them cannot choose a share by the comparison code that results.

import { sha256 } from "@noble/hashes/sha2.js";
import { concat, equalConstantTime, utf8, type Bytes } from "./bytes.ts";
import { lvCat } from "./cpace.ts";
import { SealError } from "./errors.ts";
import { originIdSize, type Origin } from "./origin.ts";

export const version = 2;
export const nonceSize = 32;
const hashSize = 32;
export const commitSize = 1 + 1 + originIdSize + hashSize;

const label = utf8("lotse seal 2 commit");

const flags = {
  bound: 1, // sealed with the number and an earlier exchange's secret
  onward: 2, // the advisor's end passes the stream on in the clear
} as const;

function hash(sid: Uint8Array, share: Uint8Array, nonce: Uint8Array): Bytes {
  return concat(sha256(lvCat(label, sid, share, nonce)));
}

/** The first message of an advisor's end. */
export class Commitment {
  private constructor(readonly body: Bytes) {}

  static to(sid: Bytes, share: Bytes, nonce: Bytes, origin: Origin | null, onward: boolean): Commitment {
    const set = (origin ? flags.bound : 0) | (onward ? flags.onward : 0);
    return new Commitment(
      concat(Uint8Array.of(version, set), origin?.id ?? new Uint8Array(originIdSize), hash(sid, share, nonce)),
    );
  }

  /** Reads a peer's commitment. An unknown flag means a newer version. */
  static from(body: Bytes): Commitment {
    const commitment = new Commitment(body);
    if (body[0] !== version || ((body[1] ?? 0) & ~(flags.bound | flags.onward)) !== 0)
      throw new SealError("version", "the other end speaks another version of the encryption");
    if (!commitment.bound && commitment.originId.some((b) => b !== 0))
      throw new SealError("protocol", "an identifier in a commitment that names no earlier exchange");
    return commitment;
  }

  get bound(): boolean {
    return ((this.body[1] ?? 0) & flags.bound) !== 0;
  }

  get onward(): boolean {
    return ((this.body[1] ?? 0) & flags.onward) !== 0;
  }

  get originId(): Bytes {
    return this.body.subarray(2, 2 + originIdSize);
  }

  /** Whether the values are those that were committed to. */
  opens(sid: Uint8Array, share: Uint8Array, nonce: Uint8Array): boolean {
    return equalConstantTime(this.body.subarray(2 + originIdSize), hash(sid, share, nonce));
  }

  /** CPace's ADb: it makes both tags cover the commitment and the nonce that opens it. */
  advisorData(nonce: Uint8Array): Bytes {
    return lvCat(utf8("advisor"), label, this.body, nonce);
  }
}
