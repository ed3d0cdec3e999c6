// Between the page, which holds the lines, and the worker, which encodes: a
// page in the background has slow timers, a worker has not.

import type { Bytes } from "../rfb/wire.ts";

export type ToWorker =
  | { type: "frames"; stream: ReadableStream<VideoFrame> }
  | { type: "track"; track: MediaStreamTrack }
  /** Where the worker cannot take frames itself: one, as it was asked for. */
  | { type: "frame"; bitmap: ImageBitmap | null }
  /** Shows these words instead of anything captured, at once. */
  | { type: "hide"; words: string[] }
  | { type: "open"; id: number; name: string }
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
  | { type: "grab" }
  /** The frames have ended by themselves. */
  | { type: "ended" };
