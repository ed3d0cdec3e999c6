// What scripts/chromium.mjs runs inside a real browser: the shared vectors in
// both roles, tampered records, and how fast the seal is there.

import recorded from "../../seal/testdata/vectors.json";
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

/** Every changed record must be refused; none of its plaintext is given out. */
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
    times.push((performance.now() - began) / 2); // both ends ran here
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

declare global {
  interface Window {
    sealInBrowser(bench: boolean): Promise<Record<string, number>>;
  }
}

window.sealInBrowser = async (bench) => ({
  vectors: await runVectors(),
  mutations: await runMutations(5_000),
  ...(bench && {
    "exchange, ms per end": await exchangeMilliseconds(),
    "open 1 KiB records, MB/s": await megabytesPerSecond(1 << 10),
    "open 16 KiB records, MB/s": await megabytesPerSecond(16 << 10),
    "open 32 KiB records, MB/s": await megabytesPerSecond(32 << 10),
  }),
});
