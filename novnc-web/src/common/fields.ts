// Reads JSON from untrusted senders: every field is checked and bounded.

import type { Unchecked } from "../protocol_gen.ts";

export type Fields = Record<string, unknown>;

/**
 * Parses an unchecked message of type T from text of at most `limit` characters; null on failure.
 */
export function parseFields<T = Fields>(text: unknown, limit: number): Unchecked<T> | null {
  if (typeof text !== "string" || text.length > limit) return null;
  try {
    return asFields<T>(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The value as an unchecked T; null if it is not an object. */
export function asFields<T = Fields>(value: unknown): Unchecked<T> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Unchecked<T>) : null;
}

/** The text without control characters, cut to `limit`. */
export function text(value: unknown, limit = 200): string {
  if (typeof value !== "string") return "";
  // Also without characters that would change the direction of the surrounding text.
  const clean = value.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
  const letters = [...clean];
  return letters.length > limit ? letters.slice(0, limit).join("") + "…" : clean;
}

export function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

export function flag(value: unknown): boolean {
  return value === true;
}

/** The value if it is one of the given words, else the fallback. */
export function oneOf<const T extends string>(value: unknown, words: readonly T[], fallback: T): T {
  return words.includes(value as T) ? (value as T) : fallback;
}

/** The value if it is a text that matches, else "". */
export function matching(value: unknown, pattern: RegExp): string {
  return typeof value === "string" && pattern.test(value) ? value : "";
}

export function list(value: unknown, limit: number): unknown[] {
  return Array.isArray(value) ? value.slice(0, limit) : [];
}

export function time(value: unknown): Date | null {
  const date = new Date(text(value, 40));
  return Number.isNaN(date.getTime()) ? null : date;
}
