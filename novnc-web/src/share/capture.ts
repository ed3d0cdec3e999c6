/** What a person chose in the browser's picker. */
export interface Chosen {
  track: MediaStreamTrack;
  stream: MediaStream;
  surface: "monitor" | "window" | "browser" | "";
  /** Its name, if the browser provides a readable one. */
  name: string;
}

export function canCapture(): boolean {
  return typeof navigator.mediaDevices?.getDisplayMedia === "function";
}

/**
 * Opens the browser's picker; must be called from a click. Returns null if the person chose
 * nothing. The browser draws the pointer into the frames.
 */
export async function chooseScreen(): Promise<Chosen | null> {
  const options = {
    // Without a higher ideal size, the browser scales down to 1280×720. It never scales up.
    video: { width: { ideal: 3840 }, height: { ideal: 2160 }, frameRate: { ideal: 20, max: 30 }, cursor: "always" },
    audio: false,
    systemAudio: "exclude",
    // What is shared may change only after a new question.
    surfaceSwitching: "exclude",
    selfBrowserSurface: "exclude",
    monitorTypeSurfaces: "include",
  };
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getDisplayMedia(options as DisplayMediaStreamOptions);
  } catch {
    return null;
  }
  const [track] = stream.getVideoTracks();
  if (!track) return null;
  track.contentHint = "detail";
  const surface = (track.getSettings() as { displaySurface?: string }).displaySurface ?? "";
  return {
    track,
    stream,
    surface: surface === "monitor" || surface === "window" || surface === "browser" ? surface : "",
    // Chromium's labels are addresses such as window:123:0.
    name: /^[a-z-]+:/.test(track.label) ? "" : track.label.slice(0, 80),
  };
}
