import { tileSide, TileSet, type Rect } from "./tiles.ts";

/** The longest side of a picture. RFB has 16 bits for it; real screens are far smaller. */
export const maxSide = 16_384;

const opaque = 0xffffff;

/** Called with the changed tiles; `resized` means that all of them changed. */
export type PictureListener = (changed: TileSet, resized: boolean) => void;

/**
 * The picture shown at this moment. Each new frame is compared with it tile by tile, so that an
 * unchanged screen costs nothing.
 */
export class Picture {
  private words: Uint32Array<ArrayBuffer>;
  private spare: Uint32Array<ArrayBuffer> | null = null;
  private readonly listeners = new Set<PictureListener>();
  /** Counts replacements of the whole picture: work begun on an older one is void. */
  generation = 0;

  constructor(
    public width: number,
    public height: number,
  ) {
    this.words = new Uint32Array(width * height);
  }

  listen(listener: PictureListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** A buffer for the next frame of that size; `show` takes it back. */
  buffer(width: number, height: number): Uint32Array<ArrayBuffer> {
    if (width < 1 || height < 1 || width > maxSide || height > maxSide)
      throw new Error(`rfb: a picture of ${width} × ${height} cannot be shown`);
    const spare = this.spare?.length === width * height ? this.spare : null;
    this.spare = null;
    return spare ?? new Uint32Array(width * height);
  }

  /** Shows a frame. `fresh` marks it as a different picture, even if its pixels are equal. */
  show(words: Uint32Array<ArrayBuffer>, width: number, height: number, fresh = false): void {
    const resized = width !== this.width || height !== this.height;
    const changed = new TileSet(width, height);
    if (resized || fresh) {
      this.generation++;
      changed.all();
    } else {
      this.compare(words, changed);
    }
    if (!resized) this.spare = this.words;
    this.words = words;
    this.width = width;
    this.height = height;
    if (!changed.empty) for (const listener of [...this.listeners]) listener(changed, resized);
  }

  /** The pixels of a rectangle; those outside the picture are black. */
  read({ x, y, width, height }: Rect): Uint32Array<ArrayBuffer> {
    const out = new Uint32Array(width * height);
    const right = Math.min(x + width, this.width);
    const bottom = Math.min(y + height, this.height);
    if (right <= x) return out;
    for (let row = y; row < bottom; row++)
      out.set(this.words.subarray(row * this.width + x, row * this.width + right), (row - y) * width);
    for (let i = 0; i < out.length; i++) out[i] = out[i]! & opaque;
    return out;
  }

  private compare(next: Uint32Array, changed: TileSet): void {
    const { words, width, height } = this;
    const { columns } = changed;
    for (let y = 0; y < height; y++) {
      const row = Math.floor(y / tileSide);
      const start = y * width;
      for (let column = 0; column < columns; column++) {
        if (changed.has(column, row)) continue;
        const end = start + Math.min((column + 1) * tileSide, width);
        for (let i = start + column * tileSide; i < end; i++) {
          if (words[i] !== next[i]) {
            changed.add(column, row);
            break;
          }
        }
      }
    }
  }
}
