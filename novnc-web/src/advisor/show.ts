import type { SealedChannel } from "../seal/index.ts";
import { canCapture } from "../share/capture.ts";
import { ScreenShare } from "../share/screenshare.ts";

/**
 * Longer than any question to the customer stays open; `lotse show` waits as long. In milliseconds.
 */
const questionPatience = 11 * 60_000;

/** `ended`: ended by the customer, the browser or the line, not by the advisor. */
export type ShowPhase = "off" | "choosing" | "opening" | "asking" | "shown" | "refused" | "ended" | "failed";

/**
 * Shows the advisor's own screen to the customer: the browser's picker chooses it, and a show
 * stream carries it.
 */
export class Show {
  phase: ShowPhase = "off";
  private share: ScreenShare | null = null;
  private attempt = 0; // counts attempts, so that events of older ones can be ignored

  constructor(
    private readonly connect: () => Promise<SealedChannel>,
    private readonly changed: () => void,
  ) {}

  get possible(): boolean {
    return canCapture();
  }

  get active(): boolean {
    return this.share !== null;
  }

  /** Must be called from a click: the browser asks what to show, then the customer is asked. */
  async start(): Promise<void> {
    if (this.active) return;
    const attempt = ++this.attempt;
    const share = new ScreenShare([], () => this.end("off"));
    this.share = share;
    this.set("choosing");
    if (!(await share.choose())) return attempt === this.attempt ? this.end("off") : undefined;
    if (attempt !== this.attempt) return share.close();
    this.set("opening");
    try {
      const channel = await this.connect();
      if (attempt !== this.attempt) return channel.close();
      this.set("asking");
      share.serve(channel, {
        name: "Lotse",
        patience: questionPatience,
        approve: () => Promise.resolve(null), // the customer's program holds back everything until the customer has said yes
        closed: () => {
          if (attempt === this.attempt) this.end(this.phase === "shown" ? "ended" : "refused");
        },
      });
    } catch {
      if (attempt === this.attempt) this.end("failed");
    }
  }

  stop(): void {
    if (this.active || this.phase !== "off") this.end("off");
  }

  /** Reports whether the right is given; without it the capture ends at once. */
  given(on: boolean): void {
    if (!this.active) return;
    if (on) this.set("shown");
    else if (this.phase === "shown") this.end("ended");
  }

  private end(phase: ShowPhase): void {
    this.attempt++;
    const { share } = this;
    this.share = null;
    share?.close();
    this.set(phase);
  }

  private set(phase: ShowPhase): void {
    this.phase = phase;
    this.changed();
  }
}
