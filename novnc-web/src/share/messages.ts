// Messages between the page, which holds the lines, and the worker, which encodes: timers are slow
// in a page in the background, but not in a worker.

import type { Bytes } from "../rfb/wire.ts";
import type { Frame } from "./source.ts";

export type ToWorker =
  /** The newest frame, as requested. */
  | { type: "frame"; frame: Frame }
  /** The track, if only the worker can read frames from it. */
  | { type: "track"; track: MediaStreamTrack }
  /** Shows these words instead of the capture, at once. */
  | { type: "hide"; words: string[] }
  | { type: "reveal" }
  /** Frames captured until now are never shown again. */
  | { type: "drop" }
  /** Nobody sees anything any longer. */
  | { type: "end" }
  | { type: "open"; id: number; name: string; patience: number }
  | { type: "data"; id: number; bytes: Bytes }
  | { type: "closed"; id: number }
  | { type: "answer"; id: number; refusal: string | null }
  | { type: "left"; id: number; bytes: number };

export type FromWorker =
  | { type: "ask"; id: number }
  | { type: "data"; id: number; bytes: Bytes }
  /** Asks how many bytes have not left the line yet. */
  | { type: "howMuch"; id: number }
  | { type: "close"; id: number; why: string }
  /** Requests a frame. */
  | { type: "grab" }
  /** The source of the frames has ended. */
  | { type: "ended" };
