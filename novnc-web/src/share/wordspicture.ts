const width = 1024;
const height = 640;

/** A picture of words that say why nothing else is visible. */
export function wordsPicture(lines: string[]): { words: Uint32Array<ArrayBuffer>; width: number; height: number } {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  if (!context) return { words: new Uint32Array(width * height).fill(0xff737373), width, height };
  context.fillStyle = "#1c242c";
  context.fillRect(0, 0, width, height);
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const [i, line] of lines.entries()) {
    context.fillStyle = i === 0 ? "#eef2f5" : "#b3bfca";
    context.font = i === 0 ? "600 34px system-ui, sans-serif" : "24px system-ui, sans-serif";
    context.fillText(line, width / 2, height / 2 + (i - (lines.length - 1) / 2) * 52, width - 64);
  }
  const { data } = context.getImageData(0, 0, width, height);
  return { words: new Uint32Array(data.buffer as ArrayBuffer), width, height };
}
