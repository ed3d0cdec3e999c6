// Client to server messages. RFC 6143, section 7.5; rfbproto.

import { pixelFormatSize, readPixelFormat, type PixelFormat } from "./pixels.ts";
import type { Rect } from "./tiles.ts";
import { i32, u16, u32, type Reader } from "./wire.ts";

const type = {
  setPixelFormat: 0,
  setEncodings: 2,
  framebufferUpdateRequest: 3,
  keyEvent: 4,
  pointerEvent: 5,
  clientCutText: 6,
  enableContinuousUpdates: 150,
  clientFence: 248,
  setDesktopSize: 251,
  qemu: 255,
} as const;

// Bounds of what a viewer may send.
const maxEncodings = 1024; // further ones are read and ignored
const maxCutText = 16 << 20; // read and ignored; a longer text ends the connection
const maxFence = 64;

/** A viewer's message. Input and clipboard text are read and ignored. */
export type ClientMessage =
  | { type: "format"; format: PixelFormat }
  | { type: "encodings"; encodings: number[] }
  | { type: "request"; incremental: boolean; area: Rect }
  | { type: "continuous"; on: boolean; area: Rect }
  | { type: "fence"; flags: number; payload: Uint8Array }
  | { type: "size" }
  | { type: "ignored" };

/** Reads one message; an invalid one ends the connection. */
export async function readMessage(r: Reader): Promise<ClientMessage> {
  const [kind] = await r.read(1);
  switch (kind) {
    case type.setPixelFormat:
      return { type: "format", format: readPixelFormat((await r.read(3 + pixelFormatSize)).subarray(3)) };
    case type.setEncodings:
      return { type: "encodings", encodings: await readEncodings(r) };
    case type.framebufferUpdateRequest: {
      const b = await r.read(9);
      return { type: "request", incremental: b[0] !== 0, area: rectAt(b, 1) };
    }
    case type.keyEvent:
      await r.skip(7);
      return { type: "ignored" };
    case type.pointerEvent:
      await r.skip(5);
      return { type: "ignored" };
    case type.clientCutText:
      return skipCutText(r);
    case type.enableContinuousUpdates: {
      const b = await r.read(9);
      return { type: "continuous", on: b[0] !== 0, area: rectAt(b, 1) };
    }
    case type.clientFence: {
      const b = await r.read(8);
      const length = b[7] ?? 0;
      if (length > maxFence) throw new Error(`rfb: fence of ${length} bytes, at most ${maxFence} are allowed`);
      return { type: "fence", flags: u32(b, 3), payload: await r.read(length) };
    }
    case type.setDesktopSize:
      await r.skip(16 * ((await r.read(7))[5] ?? 0));
      return { type: "size" };
    case type.qemu: {
      const [what] = await r.read(1);
      if (what !== 0) throw new Error(`rfb: viewer sent QEMU message ${what ?? 0}, which was not offered`);
      await r.skip(10); // an extended key
      return { type: "ignored" };
    }
  }
  throw new Error(`rfb: viewer sent message type ${kind ?? 0}, which was not offered`);
}

async function readEncodings(r: Reader): Promise<number[]> {
  const count = u16(await r.read(3), 1);
  const kept = Math.min(count, maxEncodings);
  const b = await r.read(4 * kept);
  await r.skip(4 * (count - kept));
  return Array.from({ length: kept }, (_, i) => i32(b, 4 * i));
}

async function skipCutText(r: Reader): Promise<ClientMessage> {
  // A negative length announces the extended form, which is ignored as well.
  const length = Math.abs(i32(await r.read(7), 3));
  if (length > maxCutText) throw new Error(`rfb: clipboard text of ${length} bytes, at most ${maxCutText} are read`);
  await r.skip(length);
  return { type: "ignored" };
}

function rectAt(b: Uint8Array, at: number): Rect {
  return { x: u16(b, at), y: u16(b, at + 2), width: u16(b, at + 4), height: u16(b, at + 6) };
}
