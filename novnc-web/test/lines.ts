import type { Line } from "../src/seal/index.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** One end of an in-memory connection that behaves like a WebSocket. */
export class FakeLine implements Line {
  binaryType = "blob";
  readyState = 1;
  onmessage: ((e: { data: unknown }) => void) | null = null;
  onclose: ((e: unknown) => void) | null = null;
  onerror: ((e: unknown) => void) | null = null;
  peer: FakeLine | null = null;
  /** Everything that this end has sent. */
  readonly sent: Bytes[] = [];
  /**
   * How often this end sent after it was closed. A browser logs each such call to its console.
   */
  late = 0;
  /** Changes what this end sends. Several results split a message, none drops it. */
  tamper: (data: Bytes) => Bytes[] = (data) => [data];

  send(data: Bytes): void {
    if (this.readyState !== 1) {
      this.late++;
      return;
    }
    this.sent.push(data.slice());
    for (const part of this.tamper(data.slice())) this.peer?.receive(part);
  }

  receive(data: Bytes): void {
    queueMicrotask(() => this.onmessage?.({ data: data.slice().buffer }));
  }

  close(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    queueMicrotask(() => this.onclose?.({}));
    this.peer?.close();
  }
}

export function linePair(): [FakeLine, FakeLine] {
  const a = new FakeLine();
  const b = new FakeLine();
  a.peer = b;
  b.peer = a;
  return [a, b];
}

export function unhex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}
