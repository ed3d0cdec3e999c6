import { encoding, rectHeader, type Capabilities } from "./encodings.ts";
import { RawEncoder, ZlibEncoder, ZRLEEncoder, type Encoder } from "./encoders.ts";
import type { Picture } from "./picture.ts";
import { Converter, nativeFormat } from "./pixels.ts";
import { appendJPEG, isRich, maxTightData, TightEncoder, tightMaxWidth } from "./tight.ts";
import { tileSide, TileSet, type Rect } from "./tiles.ts";
import type { Writer } from "./wire.ts";

/** Makes a JPEG picture from words 0x00BBGGRR. */
export type JpegEncoder = (
  words: Uint32Array<ArrayBuffer>,
  width: number,
  height: number,
  quality: number,
) => Promise<Uint8Array>;

/** About how many bytes one update may have; the rest is sent with the next one. */
const maxUpdate = 192 * 1024;
/** How many pixels may become JPEG at once: the size of the result is known only afterwards. */
const maxRichPixels = 2 << 20;
const maxRichRows = 512 / tileSide;
/** Smaller pictures cost more as JPEG than they save. */
const minRichSide = 16;

// A moving picture may be sent as JPEG, but a still one must reach the viewer without loss. Tiles
// that were sent lossily are remembered, and sent again without loss when nothing new was lossy for
// a while and nothing else waits.
const refineAfter = 400;
const refineTiles = 16;

/** The JPEG qualities, from 0 to 1, for the viewer's levels 0 to 9. */
const qualities = [0.15, 0.29, 0.41, 0.42, 0.62, 0.77, 0.79, 0.86, 0.92, 0.98] as const;

/** What one viewer has not seen yet, and how it is sent. */
export class Updater {
  width = 0;
  height = 0;
  dirty = new TileSet(0, 0);
  private lossy = new TileSet(0, 0);
  private refineDue = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private convert = new Converter(nativeFormat);
  private caps: Pick<Capabilities, "encoding" | "quality"> = { encoding: encoding.raw, quality: -1 };
  // The encoders keep their zlib streams as long as the viewer is connected.
  private readonly encoders: Partial<Record<number, Encoder>> = {};
  private readonly unlisten: () => void;
  private jpegWorks: boolean;

  constructor(
    private readonly picture: Picture,
    private readonly encodeJPEG: JpegEncoder | null,
    private readonly changed: () => void,
  ) {
    this.jpegWorks = encodeJPEG !== null;
    this.unlisten = picture.listen((tiles, resized) => {
      if (resized) this.dirty.all();
      else this.dirty.addAll(tiles);
      changed();
    });
  }

  /** The viewer's framebuffer now has this size and no content. */
  begin(width: number, height: number): void {
    this.width = width;
    this.height = height;
    this.dirty = new TileSet(width, height);
    this.dirty.all();
    this.lossy = new TileSet(width, height);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.unlisten();
  }

  setFormat(convert: Converter): void {
    this.convert = convert;
    this.dirty.all();
  }

  setEncoding(caps: Pick<Capabilities, "encoding" | "quality">): void {
    this.caps = caps;
  }

  hasNews(area: TileSet): boolean {
    return this.dirty.touches(area) || (this.refineDue && this.lossy.touches(area));
  }

  /**
   * Appends rectangles of what changed inside the area and returns their number. `whole`: without a
   * limit of size.
   */
  async append(w: Writer, area: TileSet, whole: boolean): Promise<number> {
    const { generation } = this.picture;
    const rich = new TileSet(this.width, this.height);
    const plain = new TileSet(this.width, this.height);
    this.sort(area, rich, plain, whole ? Infinity : maxRichPixels);
    const rects = rich.rects(tightMaxWidth / tileSide, maxRichRows);
    const pictures = await this.jpegs(rects);
    // Send nothing that was withdrawn meanwhile.
    if (!pictures || generation !== this.picture.generation) {
      this.dirty.addAll(rich);
      this.dirty.addAll(plain);
      return 0;
    }
    for (const [i, rect] of rects.entries()) {
      rectHeader(w, rect, encoding.tight);
      appendJPEG(w, pictures[i]!);
    }
    if (rects.length > 0) this.keepInMind(rich);
    const count = rects.length + this.appendPlain(w, plain, whole ? Infinity : maxUpdate);
    return count > 0 ? count : this.refine(w, area);
  }

  /** Takes what changed inside the area and sorts it by the best way to send it. */
  private sort(area: TileSet, rich: TileSet, plain: TileSet, most: number): void {
    const mayLose = this.jpegWorks && this.caps.encoding === encoding.tight && this.caps.quality >= 0 && this.convert.tight3;
    let richPixels = 0;
    for (const [column, row] of this.dirty.tiles()) {
      if (richPixels >= most) break;
      if (!area.has(column, row)) continue;
      this.dirty.remove(column, row);
      const rect = this.dirty.rectOf(column, row);
      if (mayLose && Math.min(rect.width, rect.height) >= minRichSide && isRich(this.picture.read(rect))) {
        rich.add(column, row);
        richPixels += rect.width * rect.height;
      } else {
        plain.add(column, row);
      }
    }
  }

  /** JPEG pictures of the rectangles; null if the browser cannot make them. */
  private async jpegs(rects: Rect[]): Promise<Uint8Array[] | null> {
    if (rects.length === 0) return [];
    const quality = qualities[this.caps.quality] ?? qualities[0];
    try {
      const pictures = await Promise.all(rects.map((r) => this.encodeJPEG!(this.picture.read(r), r.width, r.height, quality)));
      if (pictures.every((p) => p.length <= maxTightData)) return pictures;
    } catch {
      // Lossless encodings work in every browser.
    }
    this.jpegWorks = false;
    return null;
  }

  /**
   * Appends tiles without loss until the update reaches its size limit; the rest follows with the
   * next update.
   */
  private appendPlain(w: Writer, plain: TileSet, most: number): number {
    const start = w.length;
    let rects = 0;
    for (const [column, row] of plain.tiles()) {
      if (w.length - start > most) {
        this.dirty.add(column, row);
        continue;
      }
      // The tile may have changed again while the JPEG was made: send its newest content.
      this.dirty.remove(column, row);
      this.lossy.remove(column, row);
      const rect = plain.rectOf(column, row);
      this.encode(w, rect, this.picture.read(rect));
      rects++;
    }
    return rects;
  }

  private keepInMind(rich: TileSet): void {
    this.lossy.addAll(rich);
    this.refineDue = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.refineDue = true;
      this.changed();
    }, refineAfter);
  }

  private encode(w: Writer, rect: Rect, words: Uint32Array): void {
    rectHeader(w, rect, this.caps.encoding);
    this.encoder().encode(w, this.convert, words, rect);
  }

  private encoder(): Encoder {
    const { encoding: chosen } = this.caps;
    switch (chosen) {
      case encoding.tight:
        return (this.encoders[chosen] ??= new TightEncoder());
      case encoding.zrle:
        return (this.encoders[chosen] ??= new ZRLEEncoder());
      case encoding.zlib:
        return (this.encoders[chosen] ??= new ZlibEncoder());
      case encoding.raw:
        return (this.encoders[chosen] ??= new RawEncoder());
    }
  }

  /** Sends some of the lossily sent tiles again without loss. */
  private refine(w: Writer, area: TileSet): number {
    if (!this.refineDue) return 0;
    let rects = 0;
    for (const [column, row] of this.lossy.tiles()) {
      if (rects === refineTiles) break;
      if (!area.has(column, row)) continue;
      this.lossy.remove(column, row);
      const rect = this.lossy.rectOf(column, row);
      this.encode(w, rect, this.picture.read(rect));
      rects++;
    }
    this.refineDue = !this.lossy.empty;
    return rects;
  }
}
