// RFC 6143, sections 7.1 to 7.3: the server's side.

import { nativeFormat, writePixelFormat } from "./pixels.ts";
import { Writer, type Bytes, type Reader } from "./wire.ts";

const version = "RFB 003.008\n";
const securityNone = 1;
const maxReason = 1024;
const timeout = 20_000;

/** A refusal with a reason for the viewer's user. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

export interface Handshake {
  reader: Reader;
  send(data: Bytes): void;
  /** Resolves if the viewer may see the picture; throws a Refusal if not. */
  approve(): Promise<void>;
  /**
   * Limits how long the viewer may take, in milliseconds; 0 for no limit, while the customer
   * decides.
   */
  hurry(within: number): void;
  /** The limit for the viewer's first message if it is higher than the others, in milliseconds. */
  patience: number;
}

/** Negotiates version and security and reads ClientInit; the caller sends ServerInit. */
export async function handshake(h: Handshake): Promise<void> {
  const { reader, send } = h;
  h.hurry(Math.max(timeout, h.patience));
  send(ascii(version));
  const minor = parseVersion(await reader.read(version.length));
  h.hurry(timeout);
  const ask = async (refuse: (reason: Bytes) => Bytes) => {
    h.hurry(0);
    try {
      await h.approve();
    } catch (e) {
      send(refuse(reasonOf(e)));
      throw e;
    }
    h.hurry(timeout);
  };
  if (minor < 8) {
    // With None, these versions have no SecurityResult and so no reason text. Ask the customer
    // before the security types, which can carry one.
    await ask((reason) =>
      new Writer()
        .bytes(minor === 3 ? new Uint8Array(4) : new Uint8Array(1))
        .bytes(reason)
        .take(),
    );
    if (minor === 3) send(new Writer().u32(securityNone).take());
  }
  if (minor > 3) {
    send(Uint8Array.of(1, securityNone));
    const [chosen] = await reader.read(1);
    if (chosen !== securityNone) throw new Error(`rfb: viewer chose security type ${chosen ?? 0}, which was not offered`);
  }
  if (minor === 8) {
    await ask((reason) => new Writer().u32(1).bytes(reason).take());
    send(new Writer().u32(0).take());
  }
  await reader.read(1); // the shared flag: viewers share the picture anyway
  h.hurry(0);
}

export function serverInit(width: number, height: number, name: string): Bytes {
  const w = new Writer().u16(width, height);
  writePixelFormat(w, nativeFormat);
  const text = new TextEncoder().encode(name);
  return w.u32(text.length).bytes(text).take();
}

/** Reads the viewer's version; an unknown one counts as the nearest older one. */
function parseVersion(b: Uint8Array): 3 | 7 | 8 {
  const found = /^RFB ([0-9]{3})\.([0-9]{3})\n$/.exec(String.fromCharCode(...b));
  if (!found) throw new Error("rfb: what connected is not a VNC viewer: no version message");
  const [major, minor] = [Number(found[1]), Number(found[2])];
  if (major < 3 || (major === 3 && minor < 3)) throw new Error("rfb: the viewer's version is older than 3.3");
  if (major > 3 || minor >= 8) return 8;
  return minor === 7 ? 7 : 3;
}

/** The part of an error that a stranger may read, after its length. */
function reasonOf(e: unknown): Bytes {
  const words = e instanceof Refusal ? e.message : "The picture is not shown.";
  const text = new TextEncoder().encode(words).subarray(0, maxReason);
  return new Writer().u32(text.length).bytes(text).take();
}

function ascii(text: string): Bytes {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}
