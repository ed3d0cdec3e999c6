import { copyForms } from "../common/copy.ts";

/** A text, and the same as HTML; "" if there is none. */
export interface Copied {
  text: string;
  html: string;
}

/**
 * Keeps the advisor's own clipboard and the customer's alike while the customer allows it. What the
 * advisor has copied is sent when he turns to the picture, because a browser lets a page read the
 * clipboard only while the page is used.
 */
export class ClipboardLink {
  /** The text that this page last saw in the advisor's clipboard; null before it has looked. */
  private seen: string | null = null;
  /** A text of the customer that the browser has not let into the advisor's clipboard yet. */
  private waiting: Copied | null = null;
  private byHand = false;
  private busy = false;

  constructor(
    private readonly allowed: () => boolean,
    private readonly send: (copied: Copied) => void,
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
  async receive(copied: Copied): Promise<void> {
    this.waiting = copied;
    await this.deliver();
  }

  /** Brings both clipboards up to date. Called when the advisor turns to the picture. */
  async update(): Promise<void> {
    if (this.busy || !this.allowed() || !document.hasFocus()) return;
    this.busy = true;
    try {
      if (this.waiting !== null) await this.deliver();
      else if (await mayRead()) this.offer(await readForms());
    } catch {
      // The browser or the advisor does not allow it. The card with the two texts is there.
    } finally {
      this.busy = false;
    }
  }

  private async deliver(): Promise<void> {
    const copied = this.waiting;
    if (copied === null || !(await copyForms(copied.text, copied.html))) return;
    if (this.waiting === copied) this.waiting = null;
    this.seen = copied.text;
  }

  private offer(copied: Copied): void {
    if (!this.allowed() || copied.text === this.seen) return;
    const old = this.byHand && this.seen === null;
    this.seen = copied.text; // also if it is "", beside a picture
    if (!old && copied.text !== "") this.send(copied);
  }
}

/** Reads the text in the advisor's clipboard, and the HTML beside it. */
async function readForms(): Promise<Copied> {
  const { clipboard } = navigator;
  if (typeof clipboard.read !== "function") return { text: await clipboard.readText(), html: "" };
  const copied = { text: "", html: "" };
  for (const item of await clipboard.read()) {
    const form = async (type: string) => (item.types.includes(type) ? (await item.getType(type)).text() : "");
    copied.text ||= await form("text/plain");
    copied.html ||= await form("text/html");
  }
  return copied;
}

/** Reads the picture in the advisor's clipboard; null if none. Needs a press of a button. */
export async function readPicture(): Promise<Blob | null> {
  for (const item of await navigator.clipboard.read()) {
    const type = item.types.find((t) => t.startsWith("image/"));
    if (type) return item.getType(type);
  }
  return null;
}

/** The picture that is being pasted; null if there is none, or a text beside it. */
export function pastedPicture(data: DataTransfer | null): Blob | null {
  if (!data || data.types.includes("text/plain")) return null;
  return [...data.files].find((file) => file.type.startsWith("image/")) ?? null;
}

/** Copies a picture that is still on its way. Needs a press of a button. */
export async function copyPicture(picture: Promise<Blob>): Promise<void> {
  await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
}

/** Whether the browser lets a page read the clipboard, or asks the advisor once. Not all do. */
async function mayRead(): Promise<boolean> {
  const { state } = await navigator.permissions.query({ name: "clipboard-read" as PermissionName });
  return state !== "denied";
}
