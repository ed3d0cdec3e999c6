import type { Duplex } from "../rfb/server.ts";
import type { Bytes } from "../rfb/wire.ts";

/** The worker's end of a line that the page holds. */
export class PortLine implements Duplex {
  onmessage: ((e: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((e: unknown) => void) | null = null;
  /** Told when the viewer is gone, before anybody else is. */
  onlost: () => void = () => {};

  private waiting = 0;
  private asked = false;
  private open = true;

  constructor(
    private readonly post: (bytes: Bytes) => void,
    private readonly howMuch: () => void,
  ) {}

  /** What the page has not got rid of yet, as it said last; looking asks again. */
  get bufferedAmount(): number {
    if (this.waiting > 0 && !this.asked) {
      this.asked = true;
      this.howMuch();
    }
    return this.waiting;
  }

  /**
   * The page's answer. What was sent while it was on its way is in it: messages keep their order.
   */
  left(bytes: number): void {
    this.asked = false;
    this.waiting = bytes;
  }

  send(data: Bytes): void {
    if (!this.open) return;
    this.waiting += data.length;
    this.post(data);
  }

  receive(bytes: Bytes): void {
    if (this.open) this.onmessage?.({ data: bytes.buffer });
  }

  lost(): void {
    if (!this.open) return;
    this.onlost();
    this.close();
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    queueMicrotask(() => this.onclose?.({}));
  }
}
