// PROTOCOL.md, section 1.

/** Reads a number as people type it; "" when it is none. */
export function parseNumber(typed: string): string {
  if (typed.length > 40) return "";
  const digits = typed.replace(/^\s*ID:/i, "").replace(/[\s.\-\u2010-\u2015\u2212]/g, "");
  return /^[1-9][0-9]{8}$/.test(digits) && digits !== "999999999" ? digits : "";
}

/** Reads the first four digits of a number, which the gateway knows; "" for anything else. */
export function parsePlace(typed: string): string {
  return /^[1-9][0-9]{3}$/.test(typed) ? typed : "";
}

/** What is typed where a gateway may stand behind the number: 482 193 057@support.example.com. */
export interface Entry {
  number: string;
  /** Not checked but for its form: the program does that. */
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

/** Digit by digit, for screen readers. */
export function spoken(digits: string): string {
  return [...digits].join(" ");
}

/** Draws the secret to a place: the five digits that the gateway never learns. */
export function drawNumber(place: string): string {
  for (;;) {
    const number = place + String(randomBelow(100_000)).padStart(5, "0");
    if (number !== "999999999") return number;
  }
}

/** Uniform in 0 … bound-1: what would prefer small values is drawn again. */
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
