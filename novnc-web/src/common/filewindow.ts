import { fileWindow } from "../protocol_gen.ts";

const maxSlice = 64 * 1024;
const leastSlice = 4 * 1024;
const leastWindow = 16 * 1024;
const firstWindow = 64 * 1024;

/** By how much a count may be later than the quickest one, in milliseconds. */
const tolerance = 15;

const shrinkBy = 0.7;

/**
 * How many bytes of a file may be under way, so that the file does not delay the picture. It grows
 * while the counts come nearly as quickly as the quickest one, and becomes smaller when they come
 * late: then bytes wait somewhere on the line.
 */
export class FileWindow {
  /** In bytes. */
  size = firstWindow;

  /** What was sent and not counted: all bytes before `end` were sent at that time. */
  private readonly marks: { end: number; at: number }[] = [];
  private sentTo = 0;
  private countedTo: number;
  private quickest = Infinity;
  /** The window became smaller when everything before this offset was sent. */
  private shrunkAt = -1;

  /** `begin` is the offset of the first byte, `now` a clock in milliseconds. */
  constructor(
    begin: number,
    private readonly now: () => number,
  ) {
    this.countedTo = begin;
  }

  /**
   * How many bytes to send at once: few, because the picture waits for the end of each on a slow
   * line.
   */
  get slice(): number {
    return Math.min(maxSlice, Math.max(leastSlice, Math.floor(this.size / 16)));
  }

  /** Called when all bytes before `end` were sent. */
  sent(end: number): void {
    this.sentTo = end;
    this.marks.push({ end, at: this.now() });
  }

  /** Called when the receiver has counted all bytes before `to`. */
  counted(to: number): void {
    const bytes = to - this.countedTo;
    this.countedTo = to;
    let at: number | null = null;
    while (this.marks.length > 0 && this.marks[0]!.end <= to) at = this.marks.shift()!.at;
    if (at === null) return; // only a part of a slice
    const delay = this.now() - at;
    this.quickest = Math.min(this.quickest, delay);
    if (delay < this.quickest + tolerance) this.size = Math.min(fileWindow, this.size + bytes / 8);
    else if (to > this.shrunkAt) {
      // Once in a round trip: not before something is counted that was sent after this.
      this.size = Math.max(leastWindow, this.size * shrinkBy);
      this.shrunkAt = this.sentTo;
    }
  }
}
