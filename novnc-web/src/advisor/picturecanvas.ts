import type { Area, Picture } from "../fbs/player.ts";

/** Draws pictures on a canvas that belongs to no page. */
export class PictureCanvas {
  readonly canvas = document.createElement("canvas");
  private readonly context = this.canvas.getContext("2d", { alpha: false, willReadFrequently: true })!;
  private image = new ImageData(1, 1);
  private picture: Picture | null = null;

  draw(picture: Picture, changed: Area[]): void {
    if (picture !== this.picture) {
      this.picture = picture;
      this.image = new ImageData(new Uint8ClampedArray(picture.pixels.buffer), picture.width, picture.height);
      // Codecs need even sizes. Setting them makes the canvas black.
      this.canvas.width = picture.width + (picture.width & 1);
      this.canvas.height = picture.height + (picture.height & 1);
    }
    for (const { x, y, width, height } of changed) this.context.putImageData(this.image, 0, 0, x, y, width, height);
  }
}
