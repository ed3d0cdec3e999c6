import type { SealedChannel } from "../../seal/index.ts";

/** How many bytes an advisor's server may send before it has a listener: its version line. */
const maxHeld = 64 * 1024;

/**
 * A sealed line that passes nothing on before it has a listener. Its immediate prototype has the
 * members for which noVNC looks, so noVNC accepts it unchanged.
 */
export class HeldChannel {
  readonly protocol = "";
  onopen: ((e: unknown) => void) | null = null; // never called: it is open
  onerror: ((e: unknown) => void) | null = null;
  onclose: ((e: { code: number; reason: string; wasClean: boolean }) => void) | null = null;
  private held: ArrayBuffer[] = [];
  private size = 0;
  private listener: ((e: { data: ArrayBuffer }) => void) | null = null;

  constructor(
    private readonly channel: SealedChannel,
    /** Called when the line ends, even if it never had a listener. */
    ended: () => void,
  ) {
    channel.onmessage = ({ data }) => {
      if (this.listener) return this.listener({ data });
      this.held.push(data);
      this.size += data.byteLength;
      if (this.size > maxHeld) channel.close();
    };
    channel.onerror = (e) => this.onerror?.(e);
    channel.onclose = (e) => {
      ended();
      this.onclose?.(e);
    };
  }

  get binaryType(): string {
    return this.channel.binaryType;
  }

  set binaryType(type: string) {
    this.channel.binaryType = type;
  }

  get readyState(): number {
    return this.channel.readyState;
  }

  get onmessage(): ((e: { data: ArrayBuffer }) => void) | null {
    return this.listener;
  }

  /** The listener gets the held data after this call returns, then new data. */
  set onmessage(listener: ((e: { data: ArrayBuffer }) => void) | null) {
    this.listener = listener;
    if (!listener) return;
    const held = this.held;
    this.held = [];
    queueMicrotask(() => held.forEach((data) => listener({ data })));
  }

  send(data: ArrayBuffer | Uint8Array): void {
    this.channel.send(data);
  }

  close(): void {
    this.channel.close();
  }
}
