// PROTOCOL.md, section 1.

/** Reads a number as people type it; "" if it is not one. */
export function parseNumber(typed: string): string {
  if (typed.length > 40) return "";
  const digits = typed.replace(/^\s*ID:/i, "").replace(/[\s.\-\u2010-\u2015\u2212]/g, "");
  return /^[1-9][0-9]{8}$/.test(digits) && digits !== "999999999" ? digits : "";
}

/** Reads the first four digits of a number, which the gateway knows; "" for anything else. */
export function parsePlace(typed: string): string {
  return /^[1-9][0-9]{3}$/.test(typed) ? typed : "";
}

/** Typed text in which a gateway may follow the number: 482 193 057@support.example.com. */
export interface Entry {
  number: string;
  /** Only its form is checked; the program checks the rest. */
  gateway: string;
}

export function parseEntry(typed: string): Entry | null {
  if (typed.length > 320) return null;
  const at = typed.indexOf("@");
  const number = parseNumber(at < 0 ? typed : typed.slice(0, at).trim());
  const gateway = at < 0 ? "" : typed.slice(at + 1).trim();
  return number && (at < 0 || gateway) ? { number, gateway } : null;
}

export function grouped(digits: string): string {
  return digits.replace(/(\d{3})(?=\d)/g, "$1 ");
}

/** The digits one by one, for screen readers. */
export function spoken(digits: string): string {
  return [...digits].join(" ");
}

/** Draws a number for the place: the gateway never learns the last five digits. */
export function drawNumber(place: string): string {
  for (;;) {
    const number = place + String(randomBelow(100_000)).padStart(5, "0");
    if (number !== "999999999") return number;
  }
}

/**
 * A uniform random number in 0 … bound-1. Draws again where the remainder would favour small
 * values.
 */
export function randomBelow(bound: number, draw = randomUint32): number {
  const limit = 2 ** 32 - (2 ** 32 % bound);
  for (;;) {
    const n = draw();
    if (n < limit) return n % bound;
  }
}

function randomUint32(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}
