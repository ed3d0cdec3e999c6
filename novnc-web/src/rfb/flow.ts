/**
 * Limits the bytes on their way to a viewer, based on the time that answers to fences take. They
 * take longer on a full line, so the window shrinks before pictures queue up. Without fences there
 * is no limit, and only the line sets the pace.
 */
export class Flow {
  private window = 256 * 1024;
  private inFlight = 0;
  private base = 0; // the shortest round trip so far, in ms
  private marks: { seq: number; bytes: number; sent: number }[] = [];
  private seq = 0;

  /** Whether the next update must wait. */
  get full(): boolean {
    return this.marks.length > 0 && this.inFlight >= this.window;
  }

  /** Counts an update and returns the payload of the fence that follows it. */
  sent(bytes: number, now: number): Uint8Array {
    this.seq = (this.seq + 1) >>> 0;
    this.inFlight += bytes;
    this.marks.push({ seq: this.seq, bytes, sent: now });
    const payload = new Uint8Array(4);
    new DataView(payload.buffer).setUint32(0, this.seq);
    return payload;
  }

  /** Takes the answer to a fence; unknown payloads and repetitions change nothing. */
  answered(payload: Uint8Array, now: number): void {
    if (payload.length !== 4) return;
    const seq = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
    const at = this.marks.findIndex((m) => m.seq === seq);
    if (at < 0) return;
    const done = this.marks.splice(0, at + 1);
    for (const m of done) this.inFlight -= m.bytes;
    const trip = Math.max(now - done[at]!.sent, 0.001);
    if (this.base === 0 || trip < this.base) this.base = trip;
    else this.base += this.base / baseMemory;
    const queued = trip - this.base;
    if (queued > 2 * queueGoal) this.window = Math.max(minWindow, (this.window * 3) / 4);
    else if (queued < queueGoal / 2) this.window = Math.min(maxWindow, this.window + this.window / 8);
  }
}

const minWindow = 32 * 1024;
const maxWindow = 8 * 1024 * 1024;
/**
 * How much longer than the shortest round trip one may take before the line counts as full, in ms.
 */
const queueGoal = 40;
/**
 * The shortest round trip grows by this fraction with every answer, so that it follows a line that
 * became slower.
 */
const baseMemory = 512;
