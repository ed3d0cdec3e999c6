import type { Picture } from "../rfb/picture.ts";

// Chromium has it in pages and workers, Safari in workers only.
declare class MediaStreamTrackProcessor {
  constructor(init: { track: MediaStreamTrack; maxBufferSize?: number });
  readonly readable: ReadableStream<VideoFrame>;
}

export function hasTrackProcessor(): boolean {
  return "MediaStreamTrackProcessor" in globalThis;
}

export function framesOf(track: MediaStreamTrack): ReadableStream<VideoFrame> {
  // One frame, the newest: whoever is slow gets none that is old.
  return new MediaStreamTrackProcessor({ track, maxBufferSize: 1 }).readable;
}

/** Where frames are asked for one by one: how often. */
const grabEvery = 100;

/** Puts captured frames into the picture, one source at a time. */
export class Frames {
  private source = 0; // counts sources: what an older one still brings is dropped
  private first = true;
  private canvas: OffscreenCanvas | null = null;
  private track: MediaStreamTrack | null = null; // one that was given to the worker
  private timer: ReturnType<typeof setTimeout> | undefined;
  private copies = true; // whether this browser turns frames into RGBA itself

  constructor(
    private readonly picture: Picture,
    private readonly grab: () => void,
    private readonly ended: () => void,
  ) {}

  /** Ends the source: no frame of it is shown any more. */
  stop(): void {
    this.source++;
    clearTimeout(this.timer);
    this.track?.stop();
    this.track = null;
  }

  async readTrack(track: MediaStreamTrack): Promise<void> {
    if (!hasTrackProcessor()) return this.ended();
    const done = this.read(framesOf(track));
    this.track = track;
    return done;
  }

  async read(stream: ReadableStream<VideoFrame>): Promise<void> {
    const source = this.begin();
    const reader = stream.getReader();
    try {
      for (;;) {
        const { done, value: frame } = await reader.read();
        if (done) break;
        try {
          if (source === this.source) await this.show(frame, source);
        } finally {
          frame.close();
        }
        if (source !== this.source) break;
      }
    } catch {
      // A source that breaks has ended.
    }
    void reader.cancel().catch(() => {});
    if (source === this.source) this.ended();
  }

  /** A frame that was grabbed by the page; null begins. */
  take(bitmap: ImageBitmap | null): void {
    if (!bitmap) this.begin();
    else {
      this.draw(bitmap, bitmap.width, bitmap.height, this.source);
      bitmap.close();
    }
    const source = this.source;
    this.timer = setTimeout(() => source === this.source && this.grab(), bitmap ? grabEvery : 0);
  }

  private begin(): number {
    this.stop();
    this.first = true;
    return this.source;
  }

  private async show(frame: VideoFrame, source: number): Promise<void> {
    const { width, height } = frame.visibleRect ?? { width: frame.displayWidth, height: frame.displayHeight };
    if (!this.copies) return this.draw(frame, width, height, source);
    const words = this.picture.buffer(width, height);
    try {
      // Browsers that do not know the format say so, or give more or fewer bytes.
      const options = { format: "RGBA" } as VideoFrameCopyToOptions;
      if (frame.allocationSize(options) !== words.byteLength) throw new Error("another layout");
      await frame.copyTo(words, options);
    } catch {
      this.copies = false;
      return this.draw(frame, width, height, source);
    }
    this.put(words, width, height, source);
  }

  private draw(from: VideoFrame | ImageBitmap, width: number, height: number, source: number): void {
    if (this.canvas?.width !== width || this.canvas.height !== height) this.canvas = new OffscreenCanvas(width, height);
    const context = this.canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    if (!context) return;
    context.drawImage(from, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    this.put(new Uint32Array(data.buffer as ArrayBuffer), width, height, source);
  }

  private put(words: Uint32Array<ArrayBuffer>, width: number, height: number, source: number): void {
    if (source !== this.source) return;
    this.picture.show(words, width, height, this.first);
    this.first = false;
  }
}
