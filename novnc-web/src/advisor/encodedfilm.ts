import {
  CanvasSource,
  Mp4OutputFormat,
  Output,
  Quality,
  StreamTarget,
  WebMOutputFormat,
  type StreamTargetChunk,
} from "mediabunny";
import type { Area, Picture } from "../fbs/player.ts";
import type { Film, FilmFormat } from "./filmmaker.ts";
import type { FileTarget } from "../common/filetarget.ts";
import { PictureCanvas } from "./picturecanvas.ts";

/** The longest time without a frame that players can jump to, in seconds. */
const keyFrames = 10;

/** How many bytes are written to the file at a time. */
const chunkSize = 1 << 20;

/** A film by WebCodecs. A frame is encoded only when the picture has changed. */
export class EncodedFilm implements Film {
  private readonly screen = new PictureCanvas();
  private making: { output: Output; source: CanvasSource } | null = null;
  private begin = 0;
  private last = -1; // seconds since the first frame

  constructor(
    private readonly format: FilmFormat,
    private readonly target: FileTarget,
  ) {}

  async show(picture: Picture, changed: Area[], at: number): Promise<void> {
    this.screen.draw(picture, changed);
    if (!this.making) this.begin = at;
    this.making ??= await this.start();
    await this.add(at);
  }

  async finish(at: number): Promise<void> {
    await this.add(at);
    await this.making?.output.finalize();
    await this.target.finish();
  }

  async cancel(): Promise<void> {
    await this.making?.output.cancel();
  }

  private async add(at: number): Promise<void> {
    this.last = Math.max(this.last + 0.001, (at - this.begin) / 1000); // no two frames have the same time
    await this.making!.source.add(this.last, 0.001);
  }

  private async start(): Promise<{ output: Output; source: CanvasSource }> {
    const file = new WritableStream<StreamTargetChunk>({
      write: ({ data, position }) => this.target.write(data, position),
    });
    const output = new Output({
      format: this.format.ending === "webm" ? new WebMOutputFormat() : new Mp4OutputFormat({ fastStart: false }),
      target: new StreamTarget(file, { chunked: true, chunkSize }),
    });
    const source = new CanvasSource(this.screen.canvas, {
      codec: this.format.codec,
      quality: new Quality("very-high"), // text must stay legible
      keyFrameInterval: keyFrames,
      sizeChangeBehavior: "contain",
      contentHint: "text",
    });
    output.addVideoTrack(source);
    await output.start();
    return { output, source };
  }
}
