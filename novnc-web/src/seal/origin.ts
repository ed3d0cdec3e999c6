// SPEC.md, section 5: the secret that an exchange over the number alone leaves behind.

import { fromHex, toHex, type Bytes } from "./bytes.ts";

export const originIdSize = 16;
export const originSecretSize = 32;

const maxOrigins = 64;

/** An origin as text, to be kept across a reload. It contains a secret. */
export interface KeptOrigin {
  id: string;
  secret: string;
  compare: string;
}

/**
 * What both ends keep of an exchange over the number alone: a secret that seals later streams of
 * the same advisor's end, and the secret's identifier.
 */
export class Origin {
  constructor(
    readonly id: Bytes,
    readonly secret: Bytes,
    /** The four digits of that exchange. */
    readonly compare: string,
  ) {}

  keep(): KeptOrigin {
    return { id: toHex(this.id), secret: toHex(this.secret), compare: this.compare };
  }

  /** Reads a result of keep; null for anything else. */
  static from(kept: KeptOrigin): Origin | null {
    const id = fromHex(kept.id, originIdSize);
    const secret = fromHex(kept.secret, originSecretSize);
    return id && secret && /^[0-9]{4}$/.test(kept.compare) ? new Origin(id, secret, kept.compare) : null;
  }
}

/** The exchanges over one number that an agent took part in. */
export class Origins {
  /** The first is kept for ever; the others are in order of their last use. */
  private readonly list: Origin[] = [];

  /**
   * Adds an exchange. If there are too many, the least recently used one is forgotten, but never
   * the first: the session's owner goes back to it.
   */
  add(origin: Origin): void {
    if (this.list.length === maxOrigins) this.list.splice(1, 1);
    this.list.push(origin);
  }

  /** The exchange with that identifier; null if it is unknown. */
  find(id: Uint8Array): Origin | null {
    const at = this.list.findIndex((o) => o.id.every((b, i) => b === id[i]));
    const origin = this.list[at];
    if (!origin) return null;
    if (at > 0) this.list.push(...this.list.splice(at, 1));
    return origin;
  }
}
