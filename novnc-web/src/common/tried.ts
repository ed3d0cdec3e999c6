// seal/SPEC.md, section 6: wrong tries at a number are counted across reloads and windows. The
// browser stores a slow, salted hash of the number, and only while there is a count or an
// unfinished try.

import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { fromHex, toHex, utf8 } from "../seal/bytes.ts";
import type { TryMemory } from "../seal/index.ts";
import { asFields, list, number, parseFields, text } from "./fields.ts";

const rounds = 20_000;
const saltSize = 16;
const hashSize = 16;
const maxKept = 100;

interface Entry {
  hash: string;
  used: number;
  until: number;
}

interface Kept {
  salt: string;
  entries: Entry[];
}

type Place = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Returns null in a browser that stores nothing; then a count lasts as long as the page. */
function browserStorage(): Place | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

/** The counts stored in this browser, each for `life` milliseconds after its last change. */
export class TriedNumbers {
  private readonly hashes = new Map<string, string>();

  constructor(
    private readonly key: string,
    private readonly life: number,
    private readonly storage: Place | null = browserStorage(),
    private readonly now: () => number = Date.now,
  ) {}

  /** The memory of a Tries for one number. */
  of(digits: string): TryMemory {
    return { used: () => this.used(digits), keep: (used) => this.keep(digits, used) };
  }

  private used(digits: string): number {
    const kept = this.read();
    if (kept.entries.length === 0) return 0;
    const hash = this.hash(digits, kept.salt);
    return kept.entries.find((e) => e.hash === hash)?.used ?? 0;
  }

  private keep(digits: string, used: number): void {
    const kept = this.read();
    const hash = this.hash(digits, kept.salt);
    const others = kept.entries.filter((e) => e.hash !== hash).slice(-maxKept + 1);
    const entries = used > 0 ? [...others, { hash, used, until: this.now() + this.life }] : others;
    try {
      if (entries.length === 0) this.storage?.removeItem(this.key);
      else this.storage?.setItem(this.key, JSON.stringify({ salt: kept.salt, entries }));
    } catch {
      // The storage is full: then the count lasts as long as the page.
    }
  }

  private read(): Kept {
    const f = parseFields(this.storage?.getItem(this.key) ?? "", 64 * 1024);
    const salt = text(f?.["salt"], 2 * saltSize);
    if (!fromHex(salt, saltSize)) return { salt: toHex(crypto.getRandomValues(new Uint8Array(saltSize))), entries: [] };
    const entries = list(f?.["entries"], maxKept)
      .map((item) => asFields(item) ?? {})
      .map((e) => ({ hash: text(e["hash"], 2 * hashSize), used: number(e["used"]), until: number(e["until"]) }))
      .filter((e) => e.until > this.now());
    return { salt, entries };
  }

  private hash(digits: string, salt: string): string {
    const key = salt + digits;
    const known = this.hashes.get(key);
    if (known) return known;
    const hash = toHex(pbkdf2(sha256, utf8(digits), utf8(salt), { c: rounds, dkLen: hashSize }));
    this.hashes.set(key, hash);
    return hash;
  }
}
