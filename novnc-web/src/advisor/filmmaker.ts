// Makes a film of pictures: with the browser's encoder and mediabunny, or else its recorder.

import type { Area, Picture } from "../fbs/player.ts";
import { PictureCanvas } from "./picturecanvas.ts";
import type { FileTarget } from "../common/filetarget.ts";

/** How this browser makes films. */
export interface FilmFormat {
  by: "encoder" | "recorder";
  /** Of the file's name. */
  ending: "webm" | "mp4";
  codec: "vp9" | "vp8" | "avc";
  /** The container as MediaRecorder names it; only with "recorder". */
  type: string;
}

/** The codecs for screens, the best first, with the strings that browsers are asked for. */
const codecs = [
  { codec: "vp9", ending: "webm", probe: "vp09.00.41.08" },
  { codec: "vp8", ending: "webm", probe: "vp8" },
  { codec: "avc", ending: "mp4", probe: "avc1.640032" },
] as const;

const recorderTypes = [
  { codec: "vp9", ending: "webm", type: "video/webm;codecs=vp9" },
  { codec: "vp8", ending: "webm", type: "video/webm;codecs=vp8" },
  { codec: "avc", ending: "mp4", type: "video/mp4" },
] as const;

/** Bits in a second of a film by MediaRecorder, which knows no other measure of quality. */
const recorderBits = 4_000_000;

/** Returns how this browser can make a film; null if it cannot. */
export async function filmFormat(): Promise<FilmFormat | null> {
  if (typeof VideoEncoder !== "undefined")
    for (const { codec, ending, probe } of codecs) {
      const config = { codec: probe, width: 1920, height: 1080 };
      const answer = await VideoEncoder.isConfigSupported(config).catch(() => null);
      if (answer?.supported) return { by: "encoder", codec, ending, type: "" };
    }
  const canRecord = typeof MediaRecorder !== "undefined" && "captureStream" in HTMLCanvasElement.prototype;
  const found = canRecord && recorderTypes.find(({ type }) => MediaRecorder.isTypeSupported(type));
  return found ? { by: "recorder", ...found } : null;
}

/** A film that is being made. A method is called after the one before has returned. */
export interface Film {
  /** Adds what the picture shows at a time, in milliseconds since the begin. */
  show(picture: Picture, changed: Area[], at: number): Promise<void>;
  /** Completes the film, and saves it. The last picture stays until `at`. Only after `show`. */
  finish(at: number): Promise<void>;
  /** Ends the film early. The caller aborts the file. */
  cancel(): Promise<void>;
}

/** Begins a film. Its first picture decides its size. */
export async function beginFilm(format: FilmFormat, target: FileTarget): Promise<Film> {
  if (format.by === "recorder") return new RecordedFilm(format, target);
  const { EncodedFilm } = await import("./encodedfilm.ts"); // with mediabunny, which others do not need
  return new EncodedFilm(format, target);
}

/** A film by MediaRecorder, which stamps the pictures with the time at which they come. */
class RecordedFilm implements Film {
  private readonly screen = new PictureCanvas();
  private recorder: MediaRecorder | null = null;
  private track: CanvasCaptureMediaStreamTrack | null = null;
  /** Writes one part after the other; rejects when one could not be written. */
  private written = Promise.resolve();
  private end: () => void = () => {};
  private readonly ended = new Promise<void>((resolve) => (this.end = resolve));

  constructor(
    private readonly format: FilmFormat,
    private readonly target: FileTarget,
  ) {}

  async show(picture: Picture, changed: Area[]): Promise<void> {
    this.screen.draw(picture, changed);
    if (!this.recorder) this.start();
    this.track?.requestFrame();
    await this.written;
  }

  async finish(): Promise<void> {
    this.track?.requestFrame();
    this.recorder?.stop();
    await this.ended;
    await this.written;
    await this.target.finish();
  }

  async cancel(): Promise<void> {
    if (this.recorder?.state !== "inactive") this.recorder?.stop();
    await this.written.catch(() => {});
  }

  private start(): void {
    const stream = this.screen.canvas.captureStream(0);
    this.track = stream.getVideoTracks()[0] as CanvasCaptureMediaStreamTrack;
    this.recorder = new MediaRecorder(stream, { mimeType: this.format.type, videoBitsPerSecond: recorderBits });
    this.recorder.ondataavailable = ({ data }) => {
      this.written = this.written.then(async () => this.target.write(new Uint8Array(await data.arrayBuffer())));
      this.written.catch(() => {}); // `show` and `finish` report it
    };
    this.recorder.onstop = () => this.end();
    this.recorder.start(1000);
  }
}
