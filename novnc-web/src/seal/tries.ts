/**
 * How many wrong tries before the first right one burn a number at the end that drew it; SPEC.md,
 * section 6.
 */
export const maxTries = 3;

/** Keeps a count beyond the page's life. */
export interface TryMemory {
  used(): number;
  /**
   * Called with each change before a peer can learn the outcome of the try: a try without an
   * outcome counts as wrong.
   */
  keep(used: number): void;
}

/**
 * Counts the wrong tries at one number at one end. Before the first right try, `most` wrong ones
 * burn the number. After it a single one does, because both ends have proved the number by then.
 */
export class Tries {
  private proven = false;
  private wrongOnes: number;
  /** Tries without an outcome, begun before and after the first right one. */
  private readonly open = { early: 0, late: 0 };
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly most = maxTries,
    private readonly memory: TryMemory | null = null,
  ) {
    this.wrongOnes = memory?.used() ?? 0;
  }

  get burnt(): boolean {
    return this.wrongOnes >= this.most;
  }

  /** Whether there was a right try. */
  get isProven(): boolean {
    return this.proven;
  }

  get used(): number {
    return this.wrongOnes;
  }

  /** Records a right try elsewhere: from now on one wrong try burns the number. */
  markProven(): void {
    this.proven = true;
  }

  /**
   * Counts a try before its outcome is known. Returns the function that settles the try with its
   * outcome, or null if no try is left. If all remaining tries are without an outcome, it waits for
   * one, at most `milliseconds`. `once`: no try is left after the first right one. The function
   * returns whether the try counts as right; with `once`, only the first right one does.
   */
  async begin(milliseconds: number, once = false): Promise<((right: boolean) => boolean) | null> {
    const end = performance.now() + milliseconds;
    this.refresh();
    while (this.open.early + this.open.late >= this.left) {
      const wait = end - performance.now();
      if (this.open.early + this.open.late === 0 || wait <= 0) return null;
      await this.change(wait);
    }
    if (once && this.proven) return null;
    const kind = this.proven ? "late" : "early";
    this.open[kind]++;
    this.tell();
    return (right) => {
      const counts = right && !(once && this.proven);
      this.open[kind]--;
      if (right) this.proven = true;
      else this.wrongOnes = kind === "late" ? this.count(0, 1) : this.count(1, 0);
      this.tell();
      for (const wake of this.waiting) wake();
      return counts;
    };
  }

  /**
   * Counts a wrong try that contained no guess: a wrong tag on a stream that is bound to an earlier
   * exchange.
   */
  wrong(): void {
    this.wrongOnes = this.proven ? this.most : this.count(1, 0);
    this.tell();
  }

  /**
   * Makes a try whose outcome is known at once and counts it if it fails; null if no try is left.
   */
  test<T extends { right: boolean }>(attempt: () => T): T | null {
    if (this.burnt) return null;
    const outcome = attempt();
    if (outcome.right) this.proven = true;
    else this.wrong();
    return outcome;
  }

  private get left(): number {
    const left = this.most - this.wrongOnes;
    return this.proven ? Math.min(left, 1) : left;
  }

  /**
   * The count after the given number of further wrong tries. A try begun before the first right one
   * does not burn the number after it.
   */
  private count(early: number, late: number): number {
    if (late > 0) return this.most;
    const bound = this.proven && !this.burnt ? this.most - 1 : this.most;
    return Math.min(this.wrongOnes + early, bound);
  }

  private tell(): void {
    this.memory?.keep(this.count(this.open.early, this.open.late));
  }

  /**
   * Takes over a count from another window, unless a try is under way here: then this window's
   * count is used.
   */
  private refresh(): void {
    if (this.open.early + this.open.late === 0) this.wrongOnes = Math.max(this.wrongOnes, this.memory?.used() ?? 0);
  }

  private change(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.waiting.add(wake);
    });
  }
}
