// CPACE-RISTR255-SHA512, draft-irtf-cfrg-cpace, initiator-responder setting.

import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, utf8, type Bytes } from "./bytes.ts";

const dsi = utf8("CPaceRistretto255");
const dsiISK = utf8("CPaceRistretto255_ISK");
const sha512BlockSize = 128;

export const shareSize = 32;

type Element = InstanceType<typeof ristretto255.Point>;

/** The draft's lv_cat: each string after its length in LEB128. */
export function lvCat(...parts: Uint8Array[]): Bytes {
  const out: Uint8Array[] = [];
  for (const part of parts) {
    const length: number[] = [];
    let n = part.length;
    for (; n >= 0x80; n >>= 7) length.push((n & 0x7f) | 0x80);
    length.push(n);
    out.push(Uint8Array.from(length), part);
  }
  return concat(...out);
}

/** The draft's calculate_generator. */
export function generator(prs: Uint8Array, ci: Uint8Array, sid: Uint8Array): Element {
  const pad = Math.max(0, sha512BlockSize - 1 - lvCat(prs).length - lvCat(dsi).length);
  const hash = sha512(lvCat(dsi, prs, new Uint8Array(pad), ci, sid));
  return ristretto255_hasher.deriveToCurve!(hash);
}

/** One side's half of an exchange. */
export interface Share {
  readonly scalar: bigint;
  readonly publicBytes: Bytes;
}

export function shareOf(scalar: bigint, g: Element): Share {
  return { scalar, publicBytes: concat(g.multiply(scalar).toBytes()) };
}

/** Reads a scalar in its canonical form, or reduces longer random bytes. */
export function scalarFromBytes(bytes: Uint8Array): bigint {
  let n = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) n = (n << 8n) | BigInt(bytes[i] ?? 0);
  return n % ristretto255.Point.Fn.ORDER;
}

export function randomScalar(): bigint {
  for (;;) {
    const scalar = scalarFromBytes(crypto.getRandomValues(new Uint8Array(64)));
    if (scalar !== 0n) return scalar;
  }
}

/**
 * The draft's scalar_mult_vfy; null if the share does not decode or the result is the neutral
 * element.
 */
export function secretPoint(own: Share, peer: Uint8Array): Bytes | null {
  try {
    const k = ristretto255.Point.fromBytes(peer).multiply(own.scalar);
    return k.is0() ? null : concat(k.toBytes());
  } catch {
    return null; // does not decode
  }
}

/** The draft's transcript_ir. */
export function transcriptIR(ya: Uint8Array, ada: Uint8Array, yb: Uint8Array, adb: Uint8Array): Bytes {
  return lvCat(ya, ada, yb, adb);
}

/** The draft's ISK. */
export function intermediateKey(sid: Uint8Array, k: Uint8Array, transcript: Uint8Array): Bytes {
  return concat(sha512(concat(lvCat(dsiISK, sid, k), transcript)));
}
