import type { Duplex } from "../rfb/server.ts";
import type { Bytes } from "../rfb/wire.ts";

/** The worker's end of a line that the page holds. */
export class PortLine implements Duplex {
  onmessage: ((e: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((e: unknown) => void) | null = null;
  /** Called first when the viewer is gone. */
  onlost: () => void = () => {};

  private waiting = 0;
  private asked = false;
  private open = true;

  constructor(
    private readonly post: (bytes: Bytes) => void,
    private readonly howMuch: () => void,
  ) {}

  /**
   * The bytes that the page has not sent yet, as last reported; reading it requests a new report.
   */
  get bufferedAmount(): number {
    if (this.waiting > 0 && !this.asked) {
      this.asked = true;
      this.howMuch();
    }
    return this.waiting;
  }

  /**
   * Takes the page's report. It includes what was sent while it was on its way, because messages
   * keep their order.
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
