import type { ConsentRight } from "./consent.ts";

/**
 * How long the next question about a right is delayed after each refusal in a row, in milliseconds.
 */
const delays = [10_000, 30_000, 120_000] as const;

/** How many questions may open at once, and then one each `openEvery`, in milliseconds. */
const maxAtOnce = 20;
const openEvery = 5000;

/**
 * Delays questions after refusals, and those that would open too soon after many others; package
 * agent/refusals does the same in the program.
 */
export class Refusals {
  private room = maxAtOnce;
  private at = Date.now();
  private readonly inARow = new Map<ConsentRight, number>();
  private readonly timers = new Map<ConsentRight, ReturnType<typeof setTimeout>>();

  /** `ready` is called when a right may be requested again. */
  constructor(private readonly ready: (right: ConsentRight) => void) {}

  /** Counts a question that has opened. */
  opened(): void {
    this.refill();
    this.room = Math.max(0, this.room - 1);
  }

  /** The milliseconds until another question may open; 0: now. */
  get crowded(): number {
    this.refill();
    return this.room > 0 ? 0 : Math.max(1, this.at + openEvery - Date.now());
  }

  private refill(): void {
    const earned = Math.max(0, Math.floor((Date.now() - this.at) / openEvery));
    this.at = this.room + earned >= maxAtOnce ? Date.now() : this.at + earned * openEvery;
    this.room = Math.min(maxAtOnce, this.room + earned);
  }

  refused(right: ConsentRight): void {
    const n = this.inARow.get(right) ?? 0;
    this.inARow.set(right, n + 1);
    this.putOff(right, delays[Math.min(n, delays.length - 1)] ?? 0);
  }

  /** Delays the next question about a right. */
  putOff(right: ConsentRight, delay: number): void {
    clearTimeout(this.timers.get(right));
    this.timers.set(
      right,
      setTimeout(() => this.ready(right), delay),
    );
  }

  given(right: ConsentRight): void {
    this.inARow.delete(right);
  }

  stop(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
  }
}
