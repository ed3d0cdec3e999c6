/** Encodes with the browser's own encoder, outside this thread. */
export async function encodeJPEG(
  words: Uint32Array<ArrayBuffer>,
  width: number,
  height: number,
  quality: number,
): Promise<Uint8Array> {
  for (let i = 0; i < words.length; i++) words[i] = words[i]! | 0xff000000; // opaque
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) throw new Error("no canvas");
  context.putImageData(new ImageData(new Uint8ClampedArray(words.buffer), width, height), 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality });
  if (blob.type !== "image/jpeg") throw new Error("no JPEG");
  return new Uint8Array(await blob.arrayBuffer());
}
