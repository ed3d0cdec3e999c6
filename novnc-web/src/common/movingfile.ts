/** How long before now the rate is measured, in milliseconds. */
const rateSpan = 3000;

/** How often the page is told that bytes have moved, in milliseconds. */
const movedEvery = 250;

/** A file of either direction: how much of it has arrived, and how quickly more does. */
export abstract class MovingFile {
  /** The message about this file that the agent must still get. */
  due: "offer" | "cancel" | "" = "";
  private samples: { at: number; counted: number }[] = [];
  private movedAt = -Infinity;

  constructor(
    readonly id: string,
    readonly name: string,
    readonly size: number,
    private readonly changed: () => void,
    private readonly now: () => number,
  ) {}

  /** Whether something can still become of it. */
  abstract get live(): boolean;
  /** Whether its bytes are on their way. */
  abstract get moving(): boolean;
  /** Whether some of its bytes may have arrived. */
  abstract get begun(): boolean;
  /** The bytes that have arrived. */
  abstract get counted(): number;
  /** The SHA-256 of the file in hexadecimal; "" while not all of it has arrived. */
  abstract get sha256(): string;
  /** Ends the stream that is open, if there is one. */
  abstract close(): void;

  /** How many bytes a second arrive; null while that is not known, or while none do. */
  get rate(): number | null {
    const now = this.now();
    const first = this.samples.find((s) => now - s.at <= rateSpan);
    if (!first || !this.moving || this.samples.at(-1) === first) return null;
    return (1000 * (this.counted - first.counted)) / (now - first.at);
  }

  /** The seconds until all bytes have arrived; null while that is not known. */
  get secondsLeft(): number | null {
    const { rate } = this;
    return rate ? Math.ceil((this.size - this.counted) / rate) : null;
  }

  /** Forgets how quickly bytes came: a stream begins, or none is open. */
  forgetRate(): void {
    this.samples = [];
  }

  /** Called when `counted` has changed. */
  protected readonly moved = (): void => {
    const at = this.now();
    if (at - this.movedAt < movedEvery && this.samples.length > 0) return;
    this.movedAt = at;
    this.samples = [...this.samples.filter((s) => at - s.at <= rateSpan), { at, counted: this.counted }];
    this.changed();
  };
}
