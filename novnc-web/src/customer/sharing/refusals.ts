import type { ConsentRight } from "./consent.ts";

/**
 * How long the next question about a right is delayed after each refusal in a row, in milliseconds.
 */
const delays = [10_000, 30_000, 120_000] as const;

/** Delays questions after refusals; agent/refusals.go does the same in the program. */
export class Refusals {
  private readonly inARow = new Map<ConsentRight, number>();
  private readonly timers = new Map<ConsentRight, ReturnType<typeof setTimeout>>();

  /** `ready` is called when a right may be requested again. */
  constructor(private readonly ready: (right: ConsentRight) => void) {}

  refused(right: ConsentRight): void {
    const n = this.inARow.get(right) ?? 0;
    this.inARow.set(right, n + 1);
    clearTimeout(this.timers.get(right));
    const delay = delays[Math.min(n, delays.length - 1)];
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
