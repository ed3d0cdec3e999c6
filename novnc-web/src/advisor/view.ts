import { Backoff } from "../common/backoff.ts";
import RFB from "../common/boundedrfb.ts";
import { text } from "../common/fields.ts";
import type { Rights } from "../common/rights.ts";
import { SealError, type SealedChannel } from "../seal/index.ts";

export type ViewPhase = "off" | "opening" | "asking" | "shown" | "refused" | "lost";
export type Quality = "sharp" | "balanced" | "sparing";

const qualities: Record<Quality, { quality: number; compression: number }> = {
  sharp: { quality: 9, compression: 1 },
  balanced: { quality: 6, compression: 2 },
  sparing: { quality: 2, compression: 6 },
};

const maxClipboard = 256 * 1024;

/** Shows the customer's screen: noVNC on a sealed stream, in one element. */
export class View {
  readonly target: HTMLElement;
  phase: ViewPhase = "off";
  /** The customer's program's reason, after "refused". */
  refusal = "";
  fit = true;
  quality: Quality = "balanced";
  /** The latest text from the customer's clipboard. */
  received = "";

  private rfb: RFB | null = null;
  private wanted = false;
  private attempt = 0; // counts attempts to open, so that events of older ones can be ignored
  private readonly backoff = new Backoff();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly connect: () => Promise<SealedChannel>,
    private readonly mayOpen: () => boolean,
    private readonly rights: () => Rights,
    private readonly changed: () => void,
  ) {
    this.target = document.createElement("div");
    this.target.className = "canvas-place";
    this.target.dataset["testid"] = "view-canvas";
  }

  get isOpen(): boolean {
    return this.rfb !== null || this.phase === "opening";
  }

  open(): void {
    if (this.isOpen) return;
    this.wanted = true;
    this.backoff.reset();
    void this.start();
  }

  close(): void {
    this.wanted = false;
    this.stop("off");
  }

  /** Gives up a line that has gone silent; the view reconnects. */
  drop(): void {
    if (this.isOpen) this.lost();
  }

  /** Called when the session is joined again after the customer was away. */
  resume(): void {
    if (!this.wanted || this.isOpen) return;
    clearTimeout(this.timer);
    this.backoff.reset();
    void this.start();
  }

  /** Applies the rights. The agent enforces them; this only makes the page show them correctly. */
  applyRights(): void {
    const { control, clipboard } = this.rights();
    this.target.classList.toggle("look-only", !control);
    if (!this.rfb) return;
    // noVNC's viewOnly also blocks the clipboard. If only the clipboard is allowed, the style sheet
    // keeps the pointer away, and the element gets no focus and so no keys.
    this.rfb.viewOnly = !control && !clipboard;
    this.rfb.focusOnClick = control;
    if (!control) this.rfb.blur();
  }

  applySettings(): void {
    if (!this.rfb) return;
    this.rfb.scaleViewport = this.fit;
    this.rfb.qualityLevel = qualities[this.quality].quality;
    this.rfb.compressionLevel = qualities[this.quality].compression;
  }

  focus(): void {
    if (this.rights().control) this.rfb?.focus();
  }

  ctrlAltDel(): void {
    this.rfb?.sendCtrlAltDel();
  }

  /** Presses the keys in order and releases them in reverse order. */
  press(keys: { keysym: number; code: string }[]): void {
    for (const k of keys) this.rfb?.sendKey(k.keysym, k.code, true);
    for (const k of [...keys].reverse()) this.rfb?.sendKey(k.keysym, k.code, false);
  }

  sendClipboard(words: string): void {
    this.rfb?.clipboardPasteFrom(words.slice(0, maxClipboard));
  }

  private async start(): Promise<void> {
    if (!this.mayOpen()) return this.set("lost");
    const attempt = ++this.attempt;
    this.set("opening");
    try {
      const channel = await this.connect();
      if (attempt !== this.attempt) return channel.close();
      this.attach(channel, attempt);
    } catch (e) {
      if (attempt !== this.attempt) return;
      // Another attempt would burn the number or be useless.
      if (e instanceof SealError && ["wrong-number", "burnt", "version", "opened", "origin"].includes(e.failure))
        this.wanted = false;
      this.lost();
    }
  }

  private attach(channel: SealedChannel, attempt: number): void {
    const current = (f: () => void) => {
      if (attempt === this.attempt) f();
    };
    const rfb = new RFB(this.target, channel, { shared: true });
    this.rfb = rfb;
    rfb.background = "transparent";
    rfb.showDotCursor = true;
    rfb.addEventListener("connect", () =>
      current(() => {
        this.backoff.reset();
        this.set("shown");
        this.focus();
      }),
    );
    rfb.addEventListener("securityfailure", ({ detail }) =>
      current(() => {
        this.refusal = text(fromLatin1(detail.reason ?? ""), 300);
        this.wanted = false;
        this.rfb = null; // noVNC closes itself after this event
        this.stop("refused");
      }),
    );
    rfb.addEventListener("disconnect", () =>
      current(() => {
        this.rfb = null;
        this.lost();
      }),
    );
    rfb.addEventListener("clipboard", ({ detail }) =>
      current(() => {
        if (!this.rights().clipboard) return;
        this.received = detail.text.slice(0, maxClipboard);
        this.changed();
      }),
    );
    this.applySettings();
    // Until noVNC reports "connect", the customer has not said yes.
    this.set("asking");
  }

  private lost(): void {
    this.stop("lost");
    if (this.wanted) this.timer = setTimeout(() => void this.start(), this.backoff.next());
  }

  private stop(phase: ViewPhase): void {
    clearTimeout(this.timer);
    this.attempt++;
    const rfb = this.rfb;
    this.rfb = null;
    rfb?.disconnect();
    if (phase !== "refused") this.refusal = "";
    this.received = "";
    this.set(phase);
  }

  private set(phase: ViewPhase): void {
    this.phase = phase;
    this.target.dataset["phase"] = phase;
    this.applyRights();
    this.changed();
  }
}

/** Decodes a reason: noVNC reads it byte by byte, while our agent writes UTF-8. */
function fromLatin1(reason: string): string {
  const bytes = Uint8Array.from(reason, (c) => c.charCodeAt(0));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return reason;
  }
}
