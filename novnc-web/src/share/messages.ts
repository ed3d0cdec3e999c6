// Between the page, which holds the lines, and the worker, which encodes: a
// page in the background has slow timers, a worker has not.

import type { Bytes } from "../rfb/wire.ts";
import type { Frame } from "./source.ts";

export type ToWorker =
  /** The newest frame, as it was asked for. */
  | { type: "frame"; frame: Frame }
  /** Where only the worker can take frames: what it takes them from. */
  | { type: "track"; track: MediaStreamTrack }
  /** Shows these words instead of anything captured, at once. */
  | { type: "hide"; words: string[] }
  | { type: "reveal" }
  /** What was captured up to now is never shown again. */
  | { type: "drop" }
  /** Nobody sees anything any more. */
  | { type: "end" }
  | { type: "open"; id: number; name: string; patience: number }
  | { type: "data"; id: number; bytes: Bytes }
  | { type: "closed"; id: number }
  | { type: "answer"; id: number; refusal: string | null }
  | { type: "left"; id: number; bytes: number };

export type FromWorker =
  | { type: "ask"; id: number }
  | { type: "data"; id: number; bytes: Bytes }
  /** How much has not left the line yet? */
  | { type: "howMuch"; id: number }
  | { type: "close"; id: number; why: string }
  /** A frame is wanted. */
  | { type: "grab" }
  /** The frames have ended by themselves. */
  | { type: "ended" };
