// scripts/chromium.mjs runs this file in a real browser. It checks the shared vectors in both
// roles and tampered records, and measures how fast the seal is.

import recorded from "../../seal/testdata/vectors.json";
import RFB, { maxPixels } from "../src/common/boundedrfb.ts";
import { FrameBuffer, type Frame } from "../src/seal/frame.ts";
import { handshake, Tries, type Kind } from "../src/seal/index.ts";
import { Direction } from "../src/seal/record.ts";
import { hex, linePair, unhex } from "./lines.ts";
import { paramsOf, type Vector } from "./vectors.ts";

const vectors = recorded as Vector[];

function check(what: string, got: unknown, want: unknown): void {
  if (JSON.stringify(got) !== JSON.stringify(want))
    throw new Error(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
}

async function runVectors(): Promise<number> {
  for (const v of vectors) {
    const [a, b] = linePair();
    const [agent, advisor] = await Promise.all([
      handshake(a, "agent", paramsOf(v, "agent", v.ScalarA, v.Origin)),
      handshake(b, "advisor", paramsOf(v, "advisor", v.ScalarB, v.Origin)),
    ]);
    check("A's frames", a.sent.map(hex), [v.FrameShare, v.FrameConfirm]);
    check("B's frames", b.sent.map(hex), [v.FrameCommit, v.FrameShareConfirm]);
    check("code", [agent.compare, advisor.compare], [v.Compare, v.Compare]);
    const secrets = { agent: v.SecretA, advisor: v.SecretB };
    const out = { agent: new Direction(unhex(secrets.agent)), advisor: new Direction(unhex(secrets.advisor)) };
    const incoming = { agent: new Direction(unhex(secrets.agent)), advisor: new Direction(unhex(secrets.advisor)) };
    for (const r of v.Records) {
      const from = r.From as "agent" | "advisor";
      check("record", hex(await out[from].seal(unhex(r.Plain))), r.Frame);
      check("plaintext", hex(await incoming[from].open(frameOf(unhex(r.Frame)))), r.Plain);
    }
  }
  return vectors.length;
}

function frameOf(bytes: Uint8Array<ArrayBuffer>): Frame {
  const buffer = new FrameBuffer();
  buffer.push(bytes);
  return buffer.next()!;
}

/** Checks that every changed record is refused and that none of its plaintext is delivered. */
async function runMutations(count: number): Promise<number> {
  const v = vectors[0]!;
  const genuine = unhex(v.Records[0]!.Frame);
  for (let i = 0; i < count; i++) {
    const bytes = genuine.slice();
    const at = 3 + Math.floor(Math.random() * (bytes.length - 3));
    bytes[at]! ^= 1 + Math.floor(Math.random() * 255);
    const direction = new Direction(unhex(v.SecretA));
    const opened = await direction.open(frameOf(bytes)).then(
      () => true,
      () => false,
    );
    if (opened) throw new Error(`mutation at ${at} was not noticed`);
  }
  return count;
}

async function exchangeMilliseconds(): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 20; i++) {
    const [a, b] = linePair();
    const params = { number: "482193057", kind: "view" as Kind, stream: "AAAAAAAAAAAAAAAAAAAAAA" };
    const began = performance.now();
    await Promise.all([
      handshake(a, "agent", { ...params, tries: new Tries() }),
      handshake(b, "advisor", { ...params, tries: new Tries() }),
    ]);
    times.push((performance.now() - began) / 2); // half, because both ends ran here
  }
  return times.sort((x, y) => x - y)[10]!;
}

async function megabytesPerSecond(size: number): Promise<number> {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const sender = new Direction(secret.slice());
  const receiver = new Direction(secret.slice());
  const frames: Uint8Array<ArrayBuffer>[] = [];
  for (let i = 0; i < (64 << 20) / size; i++) frames.push(await sender.seal(new Uint8Array(size)));
  const began = performance.now();
  for (const f of frames) await receiver.open(frameOf(f));
  return (64 * 1.048576 * 1000) / (performance.now() - began);
}

/** A server that speaks RFB 3.8 without security and has a desktop of one size. */
class SizedServer {
  binaryType = "arraybuffer";
  protocol = "";
  readyState = 1;
  onopen: (() => void) | null = null;
  onmessage: ((e: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((e: object) => void) | null = null;
  onerror: (() => void) | null = null;
  private step = 0;

  constructor(
    private readonly width: number,
    private readonly height: number,
  ) {
    queueMicrotask(() => this.say(new TextEncoder().encode("RFB 003.008\n")));
  }

  /** Sends the next step of the handshake, whatever the viewer sent. RFC 6143, section 7.3.2. */
  send(): void {
    const init = new DataView(new ArrayBuffer(24 + 1));
    init.setUint16(0, this.width);
    init.setUint16(2, this.height);
    new Uint8Array(init.buffer).set([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0], 4);
    init.setUint32(20, 1);
    const answers = [[1, 1], [0, 0, 0, 0], [...new Uint8Array(init.buffer)]];
    const answer = answers[this.step++];
    if (answer) queueMicrotask(() => this.say(Uint8Array.from(answer)));
  }

  close(): void {
    this.readyState = 3;
    this.onclose?.({ code: 1000, reason: "", wasClean: true });
  }

  private say(bytes: Uint8Array<ArrayBuffer>): void {
    this.onmessage?.({ data: bytes.buffer });
  }
}

/**
 * Reports what noVNC does with a desktop: whether it shows it, and how many pixels its canvas
 * has.
 */
function desktopOf(width: number, height: number): Promise<{ shown: boolean; pixels: number }> {
  const place = document.body.appendChild(document.createElement("div"));
  const rfb = new RFB(place, new SizedServer(width, height), { shared: true });
  return new Promise((resolve) => {
    const pixels = () => {
      const canvas = place.querySelector("canvas");
      return canvas ? canvas.width * canvas.height : 0;
    };
    rfb.addEventListener("connect", () => resolve({ shown: true, pixels: pixels() }));
    rfb.addEventListener("disconnect", () => resolve({ shown: false, pixels: pixels() }));
  });
}

/** Checks that a desktop of any size is shown or refused, and that none crashes the page. */
async function runSizes(): Promise<number> {
  check("640 × 480", await desktopOf(640, 480), { shown: true, pixels: 640 * 480 });
  for (const [w, h] of [
    [65535, 65535],
    [65535, 1 + Math.floor(maxPixels / 65535)],
  ] as const) {
    const { shown, pixels } = await desktopOf(w, h);
    check(`${w} × ${h}`, { shown, small: pixels <= 1 }, { shown: false, small: true });
  }
  return 3;
}

declare global {
  interface Window {
    sealInBrowser(bench: boolean): Promise<Record<string, number>>;
  }
}

window.sealInBrowser = async (bench) => ({
  vectors: await runVectors(),
  mutations: await runMutations(5_000),
  desktops: await runSizes(),
  ...(bench && {
    "exchange, ms per end": await exchangeMilliseconds(),
    "open 1 KiB records, MB/s": await megabytesPerSecond(1 << 10),
    "open 16 KiB records, MB/s": await megabytesPerSecond(16 << 10),
    "open 32 KiB records, MB/s": await megabytesPerSecond(32 << 10),
  }),
});
