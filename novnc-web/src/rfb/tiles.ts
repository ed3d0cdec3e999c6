/** The side of the squares in which pictures are compared and sent, in pixels. */
export const tileSide = 64;

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * A region of a picture, in tiles. What a viewer has not seen yet is stored as such a set, not as
 * pixels, so a slow viewer costs only a few hundred bytes.
 */
export class TileSet {
  readonly columns: number;
  readonly rows: number;
  private readonly marks: Uint8Array;
  private count = 0;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.columns = Math.ceil(width / tileSide);
    this.rows = Math.ceil(height / tileSide);
    this.marks = new Uint8Array(this.columns * this.rows);
  }

  get empty(): boolean {
    return this.count === 0;
  }

  has(column: number, row: number): boolean {
    return column < this.columns && row < this.rows && this.marks[row * this.columns + column] === 1;
  }

  add(column: number, row: number): void {
    if (column >= this.columns || row >= this.rows || this.has(column, row)) return;
    this.marks[row * this.columns + column] = 1;
    this.count++;
  }

  remove(column: number, row: number): void {
    if (!this.has(column, row)) return;
    this.marks[row * this.columns + column] = 0;
    this.count--;
  }

  clear(): void {
    this.marks.fill(0);
    this.count = 0;
  }

  all(): void {
    this.marks.fill(1);
    this.count = this.marks.length;
  }

  addAll(other: TileSet): void {
    for (const [column, row] of other.tiles()) this.add(column, row);
  }

  /** Adds every tile that a rectangle touches. */
  addRect({ x, y, width, height }: Rect): void {
    const right = Math.min(x + width, this.width);
    const bottom = Math.min(y + height, this.height);
    for (let row = Math.floor(y / tileSide); row * tileSide < bottom; row++)
      for (let column = Math.floor(x / tileSide); column * tileSide < right; column++) this.add(column, row);
  }

  touches(other: TileSet): boolean {
    if (this.empty || other.empty) return false;
    for (const [column, row] of this.tiles()) if (other.has(column, row)) return true;
    return false;
  }

  *tiles(): Generator<[column: number, row: number]> {
    if (this.count === 0) return;
    for (let i = 0; i < this.marks.length; i++) if (this.marks[i] === 1) yield [i % this.columns, Math.floor(i / this.columns)];
  }

  /** The rectangle of a tile, cut at the picture's edge. */
  rectOf(column: number, row: number): Rect {
    const [x, y] = [column * tileSide, row * tileSide];
    return { x, y, width: Math.min(tileSide, this.width - x), height: Math.min(tileSide, this.height - y) };
  }

  /** Splits the set into few rectangles of at most the given number of tiles in each direction. */
  rects(maxColumns: number, maxRows: number): Rect[] {
    const left = new Set<number>();
    for (const [column, row] of this.tiles()) left.add(row * this.columns + column);
    const out: Rect[] = [];
    for (const first of left) {
      const [column, row] = [first % this.columns, Math.floor(first / this.columns)];
      let wide = 1;
      while (wide < maxColumns && column + wide < this.columns && left.has(first + wide)) wide++;
      let high = 1;
      const whole = (r: number) => {
        for (let c = 0; c < wide; c++) if (!left.has((row + r) * this.columns + column + c)) return false;
        return true;
      };
      while (high < maxRows && row + high < this.rows && whole(high)) high++;
      for (let r = 0; r < high; r++) for (let c = 0; c < wide; c++) left.delete((row + r) * this.columns + column + c);
      const [x, y] = [column * tileSide, row * tileSide];
      out.push({
        x,
        y,
        width: Math.min(wide * tileSide, this.width - x),
        height: Math.min(high * tileSide, this.height - y),
      });
    }
    return out;
  }
}
