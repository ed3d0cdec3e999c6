import RFB from "@novnc/novnc";

/** More pixels than any desktop has: two 8K monitors. They need half a gigabyte of memory. */
export const maxPixels = 2 * 7680 * 4320;

/**
 * Limits the size of noVNC's framebuffer. noVNC accepts every size from the server, and 65535 ×
 * 65535 would crash the page with all its sessions. Here only that line ends.
 */
export default class BoundedRFB extends RFB {
  protected override _resize(width: number, height: number): void {
    if (width * height <= maxPixels) return super._resize(width, height);
    super._resize(1, 1);
    this._fail("the desktop is too large");
  }
}
