/** Waits longer after each failure: 0.5 s, 1 s, … 8 s, each randomly varied. */
export class Backoff {
  private failures = 0;

  next(): number {
    const base = Math.min(8000, 500 * 2 ** this.failures++);
    return base * (0.75 + Math.random() / 2);
  }

  reset(): void {
    this.failures = 0;
  }
}
