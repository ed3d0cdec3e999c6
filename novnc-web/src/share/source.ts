import { framesOf } from "./frames.ts";

export type Frame = VideoFrame | ImageBitmap;

/** Captured frames in the page, one at a time as they are asked for. */
export interface Source {
  /** The newest, as soon as there is one; null at the end. */
  next(): Promise<Frame | null>;
  stop(): void;
}

/**
 * Chromium's frames. They are read here and sent to the worker one by one: a
 * stream that is handed over whole loses what comes meanwhile, and of a screen
 * on which nothing moves there is no second frame.
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

/** Firefox: each is drawn from a video. */
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
