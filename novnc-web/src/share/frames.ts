import type { Picture } from "../rfb/picture.ts";
import type { Frame } from "./source.ts";

// Chromium has it in pages and workers, Safari only in workers.
declare class MediaStreamTrackProcessor {
  constructor(init: { track: MediaStreamTrack; maxBufferSize?: number });
  readonly readable: ReadableStream<VideoFrame>;
}

export function hasTrackProcessor(): boolean {
  return "MediaStreamTrackProcessor" in globalThis;
}

export function framesOf(track: MediaStreamTrack): ReadableStream<VideoFrame> {
  // Only the newest frame is kept, so that a slow reader gets no old ones.
  return new MediaStreamTrackProcessor({ track, maxBufferSize: 1 }).readable;
}

/** How often frames are requested one by one, in milliseconds. */
const grabEvery = 100;

/** Puts captured frames into the picture while it is revealed. */
export class Frames {
  private revealed = false;
  private fresh = true; // the next frame is a different picture from the one shown
  // Kept until a newer one arrives: if the screen does not change after it is revealed again, this
  // frame is the only one.
  private newest: Frame | null = null;
  private asked = false;
  private atWill = false; // the source makes a frame for each request
  private timer: ReturnType<typeof setTimeout> | undefined;
  private reader: ReadableStreamDefaultReader<VideoFrame> | null = null; // reads a track that the worker was given
  private canvas: OffscreenCanvas | null = null;
  private copies = true; // whether this browser converts frames to RGBA

  constructor(
    private readonly picture: Picture,
    private readonly grab: () => void,
    private readonly ended: () => void,
  ) {}

  /** Takes a frame that was requested from the page, or one of the worker's own track. */
  async take(frame: Frame): Promise<void> {
    this.asked = false;
    this.atWill = frame instanceof ImageBitmap;
    this.hold(frame);
    await this.show();
    if (this.newest !== frame) return; // dropped meanwhile
    if (this.atWill) this.hold(null);
    this.ask();
  }

  async readTrack(track: MediaStreamTrack): Promise<void> {
    if (!hasTrackProcessor()) return this.ended();
    const reader = framesOf(track).getReader();
    this.reader = reader;
    try {
      for (;;) {
        const { done, value: frame } = await reader.read();
        if (done) break;
        if (this.reader === reader) await this.take(frame);
        else frame.close();
      }
    } catch {
      // A source that fails has ended.
    }
    track.stop();
    if (this.reader === reader) this.ended();
  }

  reveal(): void {
    this.revealed = true;
    void this.show();
    this.ask();
  }

  /** Shows no frames until it is revealed again. */
  hide(): void {
    this.revealed = false;
    this.fresh = true;
  }

  /** Discards the source and its frames. */
  drop(): void {
    this.hide();
    this.hold(null);
    clearTimeout(this.timer);
    this.asked = this.atWill = false;
    void this.reader?.cancel().catch(() => {});
    this.reader = null;
  }

  private ask(): void {
    if (this.asked || this.reader || (this.atWill && !this.revealed)) return;
    this.asked = true;
    if (this.atWill) this.timer = setTimeout(this.grab, grabEvery);
    else this.grab();
  }

  private hold(frame: Frame | null): void {
    this.newest?.close();
    this.newest = frame;
  }

  private async show(): Promise<void> {
    const frame = this.newest;
    if (!frame || !this.revealed) return;
    const [width, height] = sizeOf(frame);
    let words: Uint32Array<ArrayBuffer> | null;
    try {
      words = (await this.copy(frame, width, height)) ?? (this.newest === frame ? this.draw(frame, width, height) : null);
    } catch {
      if (this.newest === frame) this.ended(); // the frame cannot be drawn
      return;
    }
    // The picture may have been hidden meanwhile, or another frame taken.
    if (!words || this.newest !== frame || !this.revealed) return;
    this.picture.show(words, width, height, this.fresh);
    this.fresh = false;
  }

  /** A frame's pixels, converted by the browser; null if it cannot. */
  private async copy(frame: Frame, width: number, height: number): Promise<Uint32Array<ArrayBuffer> | null> {
    if (!this.copies || frame instanceof ImageBitmap) return null;
    const words = this.picture.buffer(width, height);
    try {
      // Browsers that do not know the format throw, or report another number of bytes.
      const options = { format: "RGBA" } as VideoFrameCopyToOptions;
      if (frame.allocationSize(options) !== words.byteLength) throw new Error("another layout");
      await frame.copyTo(words, options);
      return words;
    } catch {
      if (this.newest === frame) this.copies = false; // else it was closed meanwhile
      return null;
    }
  }

  private draw(frame: Frame, width: number, height: number): Uint32Array<ArrayBuffer> | null {
    if (this.canvas?.width !== width || this.canvas.height !== height) this.canvas = new OffscreenCanvas(width, height);
    const context = this.canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    if (!context) return null;
    context.drawImage(frame, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    return new Uint32Array(data.buffer as ArrayBuffer);
  }
}

function sizeOf(frame: Frame): [width: number, height: number] {
  if (frame instanceof ImageBitmap) return [frame.width, frame.height];
  const { width, height } = frame.visibleRect ?? { width: frame.displayWidth, height: frame.displayHeight };
  return [width, height];
}
