import { SealError } from "./errors.ts";
import { FrameBuffer, type Frame } from "./frame.ts";

/** The value of WebSocket.OPEN. */
export const open = 1;

/** The members of a WebSocket that the seal uses. */
export interface Line {
  binaryType: string;
  readonly readyState: number;
  /** The bytes that were sent and have not left yet; a line in memory may not know. */
  readonly bufferedAmount?: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(): void;
  onmessage: ((e: { data: unknown }) => void) | null;
  onclose: ((e: unknown) => void) | null;
  onerror: ((e: unknown) => void) | null;
}

/**
 * Sends if the line is open. On a line that is closing, a browser would not send either, but would
 * log an error.
 */
export function sendOn(line: Line, data: Uint8Array<ArrayBuffer>): void {
  if (line.readyState === open) line.send(data);
}

/** Takes over a line's events and returns its frames one by one. */
export class Inbox {
  private readonly buffer = new FrameBuffer();
  private closed = false;
  private wake: (() => void) | null = null;

  constructor(line: Line) {
    line.binaryType = "arraybuffer";
    line.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) this.buffer.push(new Uint8Array(data));
      else this.closed = true; // text is not allowed on a stream
      this.wake?.();
    };
    line.onclose = line.onerror = () => {
      this.closed = true;
      this.wake?.();
    };
  }

  /** Whether there are received bytes that were not taken yet. */
  get hasMore(): boolean {
    return !this.buffer.empty;
  }

  /** Discards what was not taken, and ends a pending call of next. */
  drop(): void {
    this.buffer.clear();
    this.closed = true;
    this.wake?.();
  }

  /** The next frame, or null if the line ended before one was complete. */
  async next(): Promise<Frame | null> {
    for (;;) {
      const frame = this.buffer.next();
      if (frame) return frame;
      if (this.closed) return null;
      await new Promise<void>((resolve) => (this.wake = resolve));
      this.wake = null;
    }
  }

  /** The next frame of the exchange, within the time that SPEC.md allows. */
  async nextWithin(milliseconds: number): Promise<Frame> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new SealError("timeout", "the other end did not answer")), milliseconds);
    });
    try {
      const frame = await Promise.race([this.next(), late]);
      if (!frame) throw new SealError("line", "line lost during the key exchange");
      return frame;
    } finally {
      clearTimeout(timer);
    }
  }
}
