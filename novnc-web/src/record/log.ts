// The record of a session, which both sides have with the same lines and the same hash:
// tunnel/PROTOCOL.md, section 6. The Go package record does the same.

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { asFields, text } from "../common/fields.ts";
import { plainLine } from "../common/plainline.ts";

/** One line. Which fields are set depends on the event; see Entry of the Go package record. */
export interface Entry {
  time: string;
  event: string;
  version?: number;
  gateway?: string;
  who?: { name?: string; display?: string; company?: string; user?: string; host?: string; system?: string };
  code?: string;
  right?: string;
  by?: string;
  share?: { kind: string; names?: string[] };
  file?: { name: string; size: number; to: string; sha256?: string; why?: string };
  reason?: string;
  count?: number;
  sha256?: string;
  text?: string;
  terms?: { version: string; sha256: string; at: string };
}

/** A line as another program wrote it: nothing is known of its fields but the event. */
export type ReadEntry = { event: string } & Record<string, unknown>;

const maxLines = 2000;
const maxBytes = 512 * 1024;
const maxLine = 4096;
/** A message of the control stream carries as much, in bytes; as a JSON string it may double. */
const maxBatch = 7 * 1024;
/** What a full record still takes: the count of what was left out, and the end. */
const reserved = 2;
const maxNoteLines = 100;
const maxNoteLine = 500;

const bytes = (line: string) => new TextEncoder().encode(line).length;

/** The time as entries have it: UTC, in whole seconds. */
export function stamp(now: Date): string {
  return now.toISOString().replace(/\.\d+Z$/, "Z");
}

/** Reads a line; null if it is not one. */
function parse(line: string): ReadEntry | null {
  if (bytes(line) > maxLine || /[\r\n]/.test(line)) return null;
  try {
    const f = asFields(JSON.parse(line));
    return f && { ...f, event: text(f["event"], 40) };
  } catch {
    return null;
  }
}

export class RecordLog {
  private readonly lines: string[] = [];
  private size = 0;
  private leftOut = 0;
  private over = false;

  constructor(private readonly now: () => Date = () => new Date()) {}

  /** Adds an entry at the customer's side. Returns the number of the first new line, and these. */
  add(entry: Omit<Entry, "time">): { first: number; lines: string[] } {
    const first = this.lines.length;
    const line = (e: Omit<Entry, "time">) => JSON.stringify({ time: stamp(this.now()), ...e });
    const words = line(entry);
    const end = entry.event === "over";
    if (this.over || bytes(words) > maxLine) return { first, lines: [] };
    if (!end && (first >= maxLines - reserved || this.size + bytes(words) > maxBytes - reserved * maxLine)) {
      this.leftOut++;
      return { first, lines: [] };
    }
    if (end && this.leftOut > 0) this.put(line({ event: "leftOut", count: this.leftOut }));
    this.put(words);
    this.over = end;
    return { first, lines: this.lines.slice(first) };
  }

  private put(line: string): void {
    this.lines.push(line);
    this.size += bytes(line) + 1;
  }

  /**
   * Takes lines of the customer's side, from line number `first` on. Returns false, and takes
   * nothing, if they do not belong to the record.
   */
  take(first: number, lines: readonly unknown[]): boolean {
    if (!Number.isInteger(first) || first < 0 || first > this.lines.length) return false;
    const known = Math.min(this.lines.length - first, lines.length);
    if (!lines.slice(0, known).every((line, i) => line === this.lines[first + i])) return false;
    const fresh: [line: string, entry: ReadEntry][] = [];
    let size = this.size;
    for (const line of lines.slice(known)) {
      const entry = typeof line === "string" ? parse(line) : null;
      if (!entry) return false;
      fresh.push([line as string, entry]);
      size += bytes(line as string) + 1;
    }
    if (size > maxBytes || this.lines.length + fresh.length > maxLines) return false;
    for (const [line, { event }] of fresh) {
      this.put(line);
      this.over ||= event === "over";
    }
    return true;
  }

  get length(): number {
    return this.lines.length;
  }

  /** The record says the end of the session. */
  get complete(): boolean {
    return this.over;
  }

  get entries(): ReadEntry[] {
    return this.lines.flatMap((line) => parse(line) ?? []);
  }

  /** All lines, in pieces that each fit into a message of the control stream. */
  batches(): { first: number; lines: string[] }[] {
    const batches: { first: number; lines: string[] }[] = [];
    let size = Infinity;
    this.lines.forEach((line, first) => {
      size += bytes(line);
      if (size > maxBatch) {
        batches.push({ first, lines: [] });
        size = bytes(line);
      }
      batches.at(-1)!.lines.push(line);
    });
    return batches;
  }

  /** The hash of all lines, each with its line feed. */
  sha256(): string {
    return bytesToHex(sha256(new TextEncoder().encode(this.lines.map((line) => line + "\n").join(""))));
  }

  /** The record as programs read it: the lines, their hash, and the notes of this side. */
  json(note: string): string {
    const time = this.entries.at(-1)?.["time"];
    const hash = {
      time: typeof time === "string" ? time : stamp(this.now()),
      event: "hash",
      count: this.length,
      sha256: this.sha256(),
    };
    const notes = noteLines(note).map((words) => JSON.stringify({ time: stamp(this.now()), event: "note", text: words }));
    return [...this.lines, JSON.stringify(hash), ...notes].map((line) => line + "\n").join("");
  }
}

/** The lines of a note that is not part of the hash. */
export function noteLines(note: string): string[] {
  return note
    .split("\n")
    .map((line) => text(plainLine(line), maxNoteLine))
    .filter(Boolean)
    .slice(0, maxNoteLines);
}
