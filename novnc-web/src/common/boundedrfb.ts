import RFB from "@novnc/novnc";

/**
 * More pixels than any desktop has: two 8K monitors. Half a gigabyte of memory is needed for them.
 */
export const maxPixels = 2 * 7680 * 4320;

/**
 * noVNC, which takes every size that a server tells: 65535 × 65535 would end the page
 * with all sessions in it. Here such a line ends instead.
 */
export default class BoundedRFB extends RFB {
  protected override _resize(width: number, height: number): void {
    if (width * height <= maxPixels) return super._resize(width, height);
    super._resize(1, 1);
    this._fail("the desktop is too large");
  }
}
