import type { SealedChannel } from "../seal/index.ts";
import { canCapture } from "../share/capture.ts";
import { ScreenShare } from "../share/screenshare.ts";

/** Longer than any customer's question stays open; `lotse show` waits as long. */
const questionPatience = 11 * 60_000;

/** `ended`: the customer, the browser or the line ended it, not the advisor. */
export type ShowPhase = "off" | "choosing" | "opening" | "asking" | "shown" | "refused" | "ended" | "failed";

/**
 * The advisor's own screen, shown to the customer: chosen in the browser's picker, served on a show
 * stream.
 */
export class Show {
  phase: ShowPhase = "off";
  private share: ScreenShare | null = null;
  private attempt = 0; // what an older one still brings is dropped

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

  /** From a click: the browser asks what to show, then the customer is asked. */
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
        approve: () => Promise.resolve(null), // his program holds everything until he said yes
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

  /** The right was given, or is gone: then the capture ends at once. */
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
