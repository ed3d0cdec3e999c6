// PROTOCOL.md, section 11: the puzzle that a gateway under pressure sets. tunnel/puzzle.go does the
// same in Go; both are tested with the same vectors.

import { maxPuzzleBits, puzzleParts } from "../protocol_gen.ts";
import { sha256 } from "@noble/hashes/sha2.js";
import { toBase64url } from "../seal/bytes.ts";

const form = /^[A-Za-z0-9_-]{46}$/;
/** The number of hashes between two checks of the clock. */
const batch = 1024;
/** How long it works without a break, in milliseconds, so that the page stays usable. */
const slice = 12;

/**
 * Searches for a solution and resolves with the proof to send. Rejects if the puzzle is malformed
 * or too hard, and when the signal aborts.
 */
export async function solvePuzzle(puzzle: string, signal?: AbortSignal): Promise<string> {
  const bits = bitsOf(puzzle);
  const input = new Uint8Array(37);
  input.set(sha256(ascii("lotse puzzle 1" + puzzle)));
  const view = new DataView(input.buffer);
  const solution = new Uint8Array(4 * puzzleParts);
  const out = new DataView(solution.buffer);
  let until = performance.now() + slice;
  for (let part = 0; part < puzzleParts; part++) {
    input[32] = part;
    for (let counter = 0; ; counter++) {
      if (counter % batch === batch - 1 && performance.now() > until) {
        await new Promise((resolve) => setTimeout(resolve));
        signal?.throwIfAborted();
        until = performance.now() + slice;
      }
      view.setUint32(33, counter);
      if (zeroBits(sha256(input)) >= bits) {
        out.setUint32(4 * part, counter);
        break;
      }
    }
  }
  return `${puzzle}.${toBase64url(solution)}`;
}

function bitsOf(puzzle: string): number {
  if (!form.test(puzzle)) throw new Error("not a puzzle of the protocol");
  const head = atob(puzzle.slice(0, 4).replaceAll("-", "+").replaceAll("_", "/"));
  const bits = head.charCodeAt(1);
  if (head.charCodeAt(0) !== 1 || bits > maxPuzzleBits) throw new Error("a puzzle that asks for too much");
  return bits;
}

/** The number of leading zero bits in the first four bytes. */
function zeroBits(hash: Uint8Array): number {
  return Math.clz32((hash[0]! << 24) | (hash[1]! << 16) | (hash[2]! << 8) | hash[3]!);
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}
