/** How far an arrow key moves the picture, in pixels. Browsers use the same step. */
const line = 40;

/**
 * Returns how far a key scrolls a picture in a window of the given height, in pixels: across and
 * down. Null means that the key does not scroll.
 */
export function scrollOf(key: string, height: number): [number, number] | null {
  const far = 100_000; // more than any picture has
  const page = height * 0.9;
  switch (key) {
    case "ArrowLeft":
      return [-line, 0];
    case "ArrowRight":
      return [line, 0];
    case "ArrowUp":
      return [0, -line];
    case "ArrowDown":
      return [0, line];
    case "PageUp":
      return [0, -page];
    case "PageDown":
      return [0, page];
    case "Home":
      return [-far, -far];
    case "End":
      return [far, far];
  }
  return null;
}
