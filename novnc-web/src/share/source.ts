import { framesOf } from "./frames.ts";

export type Frame = VideoFrame | ImageBitmap;

/** Captured frames in the page, returned one at a time on request. */
export interface Source {
  /** The newest frame, as soon as there is one; null at the end. */
  next(): Promise<Frame | null>;
  stop(): void;
}

/**
 * Reads Chromium's frames in the page and sends them to the worker one by one. A stream that is
 * transferred as a whole loses the frames of that time, and an unchanged screen yields no second
 * frame.
 */
export class TrackSource implements Source {
  private readonly reader: ReadableStreamDefaultReader<VideoFrame>;

  constructor(track: MediaStreamTrack) {
    this.reader = framesOf(track).getReader();
  }

  async next(): Promise<Frame | null> {
    return (await this.reader.read()).value ?? null;
  }

  stop(): void {
    void this.reader.cancel().catch(() => {});
  }
}

/** Draws each of Firefox's frames from a video element. */
export class VideoSource implements Source {
  private readonly video = document.createElement("video");
  private stopped = false;

  constructor(stream: MediaStream) {
    this.video.muted = true;
    this.video.srcObject = stream;
    void this.video.play().catch(() => {});
  }

  async next(): Promise<Frame | null> {
    while (!this.stopped) {
      try {
        return await createImageBitmap(this.video);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, noFrameYet));
      }
    }
    return null;
  }

  stop(): void {
    this.stopped = true;
    this.video.srcObject = null;
  }
}

const noFrameYet = 200;
