// SPEC.md, section 3: the values that both ends derive.

import { expand as hkdfExpand, extract } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, utf8, type Bytes } from "./bytes.ts";
import { Origin, originIdSize, originSecretSize } from "./origin.ts";

export const label = utf8("lotse seal 2");
export const tagLength = 32;
const secretSize = 32;

export interface Keys {
  confirmAgent: Bytes; // a tag, not a key
  confirmAdvisor: Bytes; // likewise
  dataAgent: Bytes;
  dataAdvisor: Bytes;
  /** The secret that this exchange exports; for later streams if it is over the number alone. */
  origin: Origin;
}

export function expand(secret: Uint8Array, info: string, length = secretSize): Bytes {
  return concat(hkdfExpand(sha256, secret, utf8(info), length));
}

export function deriveKeys(isk: Uint8Array, transcript: Uint8Array): Keys {
  const prk = extract(sha256, isk, label);
  const tag = (info: string) => concat(hmac(sha256, expand(prk, info, tagLength), transcript));
  const compare = new DataView(expand(prk, "compare", 4).buffer).getUint32(0) % 10_000;
  return {
    confirmAgent: tag("confirm agent"),
    confirmAdvisor: tag("confirm advisor"),
    dataAgent: expand(prk, "data agent"),
    dataAdvisor: expand(prk, "data advisor"),
    origin: new Origin(
      expand(prk, "session id", originIdSize),
      expand(prk, "session", originSecretSize),
      String(compare).padStart(4, "0"),
    ),
  };
}
