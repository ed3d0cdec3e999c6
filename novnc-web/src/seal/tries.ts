const maxTries = 3;

/**
 * Counts the wrong tries against one number; SPEC.md, section 3. A page that
 * can be reloaded keeps the count by onchange, or a reload would give three more.
 */
export class Tries {
  constructor(
    private used = 0,
    private readonly onchange: (used: number) => void = () => {},
  ) {}

  get burnt(): boolean {
    return this.used >= maxTries;
  }

  /** Counts a try before its outcome is known; false when none is left. */
  take(): boolean {
    if (this.burnt) return false;
    this.set(this.used + 1);
    return true;
  }

  /** Takes back a count: the peer knew the number. */
  giveBack(): void {
    this.set(this.used - 1);
  }

  private set(used: number): void {
    this.used = used;
    this.onchange(used);
  }
}
