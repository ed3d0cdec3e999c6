import { copyText } from "../common/copy.ts";

/**
 * Keeps the advisor's own clipboard and the customer's alike while the customer allows it. What the
 * advisor has copied is sent when he turns to the picture, because a browser lets a page read the
 * clipboard only while the page is used.
 */
export class ClipboardLink {
  /** The text that this page last saw in the advisor's clipboard; null before it has looked. */
  private seen: string | null = null;
  /** A text of the customer that the browser has not let into the advisor's clipboard yet. */
  private waiting: string | null = null;
  private byHand = false;
  private busy = false;

  constructor(
    private readonly allowed: () => boolean,
    private readonly send: (text: string) => void,
  ) {}

  /** The right has begun or ended: nothing of before counts. */
  reset(): void {
    this.seen = null;
    this.waiting = null;
    this.byHand = false;
  }

  /** The advisor has sent a text by hand, which what he copied earlier must not replace. */
  sentByHand(): void {
    this.byHand = true;
  }

  /** Puts the customer's text into the advisor's clipboard, now or when the page is used again. */
  async receive(text: string): Promise<void> {
    this.waiting = text;
    await this.deliver();
  }

  /** Brings both clipboards up to date. Called when the advisor turns to the picture. */
  async update(): Promise<void> {
    if (this.busy || !this.allowed() || !document.hasFocus()) return;
    this.busy = true;
    try {
      if (this.waiting !== null) await this.deliver();
      else if (await mayRead()) this.offer(await navigator.clipboard.readText());
    } catch {
      // The browser or the advisor does not allow it. The card with the two texts is there.
    } finally {
      this.busy = false;
    }
  }

  private async deliver(): Promise<void> {
    const text = this.waiting;
    if (text === null || !(await copyText(text))) return;
    if (this.waiting === text) this.waiting = null;
    this.seen = text;
  }

  private offer(text: string): void {
    const old = this.byHand && this.seen === null;
    if (text === "" || text === this.seen || !this.allowed()) return;
    this.seen = text;
    if (!old) this.send(text);
  }
}

/** Whether the browser lets a page read the clipboard, or asks the advisor once. Not all do. */
async function mayRead(): Promise<boolean> {
  const { state } = await navigator.permissions.query({ name: "clipboard-read" as PermissionName });
  return state !== "denied";
}
