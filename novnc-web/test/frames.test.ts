// A page and its worker must close every captured frame that they receive, whatever happens in
// between. An open frame holds memory of the graphics card, and Chromium stops the capture when
// too many are open.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Picture } from "../src/rfb/picture.ts";
import type { Chosen } from "../src/share/capture.ts";
import { Frames } from "../src/share/frames.ts";
import { ScreenShare } from "../src/share/screenshare.ts";
import type { Frame } from "../src/share/source.ts";

const open = new Set<FakeFrame>();

class FakeFrame {
  static made = 0;
  displayWidth = 8;
  displayHeight = 8;
  visibleRect = { width: 8, height: 8 };
  constructor() {
    FakeFrame.made++;
    open.add(this);
  }
  close(): void {
    open.delete(this);
  }
  allocationSize(): number {
    return 8 * 8 * 4;
  }
  async copyTo(): Promise<void> {
    await pause();
    if (!open.has(this)) throw new Error("closed");
  }
}

const globals = globalThis as unknown as Record<string, unknown>;
globals["ImageBitmap"] = class {};

/** A random generator with a fixed seed, so that a failure can be reproduced. */
let state = 1;
function random(n: number): number {
  state = (state * 48271) % 2147483647;
  return state % n;
}

/** Lets other tasks run, a random number of times. */
async function pause(): Promise<void> {
  for (let i = random(4); i >= 0; i--) await new Promise((resolve) => setImmediate(resolve));
}

test("the worker closes every frame", async () => {
  for (let round = 0; round < 200; round++) {
    const frames = new Frames(
      new Picture(8, 8),
      () => {},
      () => {},
    );
    const work: Promise<void>[] = [];
    for (let step = 0; step < 8; step++) {
      if (random(2)) work.push(frames.take(new FakeFrame() as unknown as Frame));
      else [() => frames.reveal(), () => frames.hide(), () => frames.drop()][random(3)]!();
      await pause();
    }
    frames.drop();
    await Promise.all(work);
    assert.equal(open.size, 0, `round ${round}`);
  }
  assert.ok(FakeFrame.made > 200);
});

/** Delivers a frame for each read, after a pause. Ends when the track ends. */
class FakeProcessor {
  readonly readable: ReadableStream<FakeFrame>;
  constructor({ track }: { track: FakeTrack }) {
    let over = false;
    this.readable = new ReadableStream<FakeFrame>(
      {
        start: (c) => {
          track.ended = () => {
            if (!over) c.close();
            over = true;
          };
        },
        pull: async (c) => {
          await pause();
          if (!over) c.enqueue(new FakeFrame());
        },
        cancel: () => void (over = true),
      },
      { highWaterMark: 0 },
    );
  }
}

class FakeTrack {
  onended: (() => void) | null = null;
  ended = () => {};
  stop(): void {
    this.ended();
  }
}

/** Closes the frames that it receives. Like the real worker, it asks for the next frame. */
class FakeWorker {
  onmessage: ((e: { data: unknown }) => void) | null = null;
  postMessage(message: { type: string; frame?: FakeFrame }, transfer: unknown[] = []): void {
    if (message.frame) assert.deepEqual(transfer, [message.frame]);
    message.frame?.close();
    if (message.type === "reveal" || message.type === "frame") setImmediate(() => this.onmessage?.({ data: { type: "grab" } }));
  }
  terminate(): void {}
}

test("the page hands on or closes every frame", async (t) => {
  globals["SHARE_WORKER"] = "";
  globals["Worker"] = FakeWorker;
  globals["MediaStreamTrackProcessor"] = FakeProcessor;
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const before = FakeFrame.made;
  for (let round = 0; round < 200; round++) {
    const share = new ScreenShare([], () => {});
    for (let step = 0; step < 5; step++) {
      const track = new FakeTrack();
      const stream = { getTracks: () => [track] };
      if (random(3)) share.use({ track, stream, surface: "monitor", name: "" } as unknown as Chosen);
      else share.stopCapture();
      await pause();
    }
    share.close();
    for (let i = 0; i < 20; i++) await pause();
    assert.equal(open.size, 0, `round ${round}`);
  }
  assert.ok(FakeFrame.made > before + 200);
});
