import { maxPictureBytes, maxPicturePixels } from "../protocol_gen.ts";

/** A picture is too large for the clipboard. */
export class TooLarge extends Error {}

/** Whether these bytes begin as a PNG that may be decoded: a few can promise many pixels. */
export function isFitPNG(bytes: Uint8Array): boolean {
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  if (bytes.length < 33 || bytes.length > maxPictureBytes || signature.some((b, i) => bytes[i] !== b)) return false;
  const head = new DataView(bytes.buffer, bytes.byteOffset);
  return head.getUint32(12) === 0x49484452 && head.getUint32(16) * head.getUint32(20) <= maxPicturePixels;
}

/**
 * Returns a picture as a PNG that this browser has encoded, so that nothing that another program
 * has encoded is passed on.
 */
export async function encodeAgain(picture: Blob): Promise<Blob> {
  const bitmap = await createImageBitmap(picture, { colorSpaceConversion: "none" });
  try {
    if (bitmap.width * bitmap.height > maxPicturePixels) throw new TooLarge();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    canvas.getContext("2d")!.drawImage(bitmap, 0, 0);
    const png = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
    if (!png) throw new Error("the picture cannot be encoded");
    if (png.size > maxPictureBytes) throw new TooLarge();
    return png;
  } finally {
    bitmap.close();
  }
}
