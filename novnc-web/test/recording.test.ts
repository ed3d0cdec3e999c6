// A film by the advisor's page: what it asks for, what it takes, and when it ends.

import "./fakedom.ts";
import { ed25519 } from "@noble/curves/ed25519.js";
import assert from "node:assert/strict";
import { afterEach, test, type TestContext } from "node:test";
import type { ControlState } from "../src/advisor/control.ts";
import type { Film } from "../src/advisor/filmmaker.ts";
import type { FileTarget } from "../src/common/filetarget.ts";
import { Recording, type FilmEvent } from "../src/advisor/recording.ts";
import { noRights } from "../src/common/rights.ts";
import { Blocks, signedMessage } from "../src/fbs/blocks.ts";
import { fileWindow, maxRecordPart, recordEnd } from "../src/protocol_gen.ts";
import { concat, fromBase64url } from "../src/seal/bytes.ts";
import type { SealedChannel } from "../src/seal/index.ts";
import { vectors } from "./recordingvectors.ts";

const { recording } = vectors;
const everything = 2n ** 64n - 1n;

/** Waits until everything that needs no time has happened. The tests hold the timers back. */
const settle = async () => {
  for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** The page's end of a record stream. The test plays the agent. */
class FakeStream {
  readyState = 1;
  onmessage: ((e: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((e: unknown) => void) | null = null;
  header = "";
  counts: bigint[] = [];
  signature: Uint8Array | null = null;

  send(part: ArrayBuffer | Uint8Array): void {
    if (this.readyState !== 1) return;
    if (this.header === "") {
      this.header = new TextDecoder().decode(part);
      return;
    }
    const bytes = new Uint8Array(part instanceof ArrayBuffer ? part : part.slice().buffer);
    this.counts.push(new DataView(bytes.buffer).getBigUint64(0));
    if (bytes.length > 8) this.signature = bytes.slice(8);
  }

  close(): void {
    if (this.readyState !== 1) return;
    this.readyState = 3;
    queueMicrotask(() => this.onclose?.({}));
  }

  say(data: Uint8Array): void {
    this.onmessage?.({ data: data.slice().buffer as ArrayBuffer });
  }

  /** Sends a part of the recording in frames. */
  bring(from: number, to: number, frame = 5000): void {
    for (let at = from; at < to; at += frame) {
      const part = recording.subarray(at, Math.min(to, at + frame));
      this.say(concat(lengthOf(part.length), part));
    }
  }
}

function lengthOf(n: number): Uint8Array {
  const out = new DataView(new ArrayBuffer(4));
  out.setUint32(0, n);
  return new Uint8Array(out.buffer);
}

/** Notes what a film is given, and says when it takes more. */
class FakeFilm implements Film {
  times: number[] = [];
  ended = "";
  fails = false;
  holds = false;
  release: () => void = () => {};

  async show(_picture: unknown, _changed: unknown, at: number): Promise<void> {
    assert.equal(this.ended, "");
    if (this.fails) throw new Error("the encoder is broken");
    this.times.push(at);
    if (this.holds) await new Promise<void>((resolve) => (this.release = resolve));
  }

  finish(at: number): Promise<void> {
    assert.ok(at >= (this.times.at(-1) ?? 0));
    this.ended = "finished";
    return Promise.resolve();
  }

  cancel(): Promise<void> {
    this.ended = "cancelled";
    return Promise.resolve();
  }
}

const pages: Page[] = [];
afterEach(() => {
  for (const page of pages.splice(0)) page.recording.leave();
});

/** A page that can record, at a session with a customer's program. */
class Page {
  readonly streams: FakeStream[] = [];
  readonly said: string[] = [];
  readonly events: FilmEvent["film"][] = [];
  readonly film = new FakeFilm();
  readonly file = { aborted: 0 };
  limit: number | undefined;
  chosen = true;
  canOpen = true;
  readonly recording: Recording;
  private target: FileTarget | null = null;

  constructor(t: TestContext) {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    pages.push(this);
    this.recording = new Recording(
      {
        open: () => {
          const stream = new FakeStream();
          this.streams.push(stream);
          return this.canOpen ? Promise.resolve(stream as unknown as SealedChannel) : Promise.reject(new Error("refused"));
        },
        ask: () => this.said.push("ask"),
        giveBack: () => this.said.push("return"),
        happened: ({ film }) => this.events.push(film),
        changed: () => {},
      },
      {
        format: () => Promise.resolve({ by: "encoder", codec: "vp9", ending: "webm", type: "" }),
        choose: () => {
          if (!this.chosen) return Promise.resolve(null);
          return Promise.resolve({
            ...(this.limit === undefined ? {} : { limit: this.limit }),
            write: () => Promise.resolve(),
            finish: () => Promise.resolve(),
            abort: () => {
              this.file.aborted++;
              return Promise.resolve();
            },
          });
        },
        begin: (_format, target) => {
          this.target = target;
          return Promise.resolve(this.film);
        },
      },
    );
    this.recording.agent = vectors.agentKey;
  }

  /** Writes to the film's file, as the film does. */
  writes(size: number): void {
    void this.target!.write(new Uint8Array(size));
  }

  state(record: boolean, asked = false): void {
    const state = { rights: { ...noRights, view: true, record }, asked: asked ? ["record"] : [] };
    this.recording.state(state as unknown as ControlState);
  }

  async starts(): Promise<void> {
    this.recording.look();
    await settle();
    await this.recording.start();
  }

  /** Starts a recording that the customer allows. Returns the first stream. */
  async records(): Promise<FakeStream> {
    await this.starts();
    this.state(false, true);
    this.state(true);
    await settle();
    return this.streams[0]!;
  }

  /** The end of the recording, with the agent's signature. */
  signature(): Uint8Array {
    const blocks = new Blocks();
    blocks.take(recording);
    const key = fromBase64url(this.recording.key.announced, 32)!;
    return ed25519.sign(signedMessage(blocks, blocks.close(), vectors.agentKey, key), vectors.agentSeed);
  }
}

test("the customer is asked after a file was chosen, and nothing is opened before the right is given", async (t) => {
  const page = new Page(t);
  await page.recording.start();
  assert.deepEqual(page.said, [], "before it is known whether this browser can");
  page.chosen = false;
  await page.starts();
  assert.deepEqual([page.recording.phase, page.said], ["off", []]);
  page.chosen = true;
  await page.recording.start();
  assert.deepEqual([page.recording.phase, page.said], ["asking", ["ask"]]);
  page.state(false); // from before the question
  page.state(false, true);
  await settle();
  assert.deepEqual([page.recording.phase, page.streams.length], ["asking", 0]);
  page.state(true);
  await settle();
  assert.deepEqual([page.recording.phase, page.streams.length], ["running", 1]);
  const header = JSON.parse(page.streams[0]!.header) as Record<string, string>;
  assert.match(header["recording"]!, /^[\w-]{22}$/);
  assert.equal(header["key"], page.recording.key.announced);
  assert.deepEqual(page.streams[0]!.counts, [0n]);
});

test("a refusal, in a state or in an event, and a withdrawal leave no file", async (t) => {
  const ways: Record<string, (page: Page) => void> = {
    "a state": (p) => (p.state(false, true), p.state(false)),
    "an event": (p) => p.recording.event({ event: "refused", right: "record", by: "auto", seconds: 0 }),
    "time-out": (p) => p.recording.event({ event: "timeout", right: "record", by: "auto", seconds: 0 }),
    "a lost line": (p) => (p.recording.disconnect(), p.state(false)),
    "a withdrawal": (p) => p.recording.stop(),
    "the end": (p) => p.recording.leave(),
  };
  for (const [name, way] of Object.entries(ways)) {
    const page = new Page(t);
    await page.starts();
    page.recording.event({ event: "refused", right: "control", by: "customer", seconds: 0 });
    assert.equal(page.recording.phase, "asking", name);
    way(page);
    await settle();
    assert.deepEqual([page.recording.phase, page.file.aborted, page.streams.length], ["off", 1, 0], name);
    assert.deepEqual(page.said, name === "a withdrawal" ? ["ask", "return"] : ["ask"], name);
    t.mock.timers.reset();
  }
});

test("a whole recording becomes a film, and both ends sign", async (t) => {
  const page = new Page(t);
  const stream = await page.records();
  stream.bring(0, recording.length);
  await settle();
  assert.equal(page.film.times.length, vectors.frames.length);
  assert.equal(stream.counts.at(-1), BigInt(recording.length));
  page.recording.stop();
  assert.deepEqual([page.recording.phase, page.said], ["saving", ["ask", "return"]]);
  stream.say(concat(lengthOf(0), page.signature()));
  await settle();
  assert.deepEqual([page.recording.phase, page.film.ended, page.events], ["off", "finished", ["saved"]]);
  assert.equal(stream.counts.at(-1), everything);
  const blocks = new Blocks();
  blocks.take(recording);
  const key = fromBase64url(page.recording.key.announced, 32)!;
  assert.ok(ed25519.verify(stream.signature!, signedMessage(blocks, blocks.close(), vectors.agentKey, key), key));
  assert.equal(page.file.aborted, 0);
});

test("bytes are counted when the film has taken their pictures, so that a slow film records less", async (t) => {
  const page = new Page(t);
  page.film.holds = true;
  const stream = await page.records();
  stream.bring(0, recording.length, 3000);
  await settle();
  assert.equal(page.film.times.length, 1);
  const counted = stream.counts.at(-1)!;
  assert.ok(counted < BigInt(recording.length) / 2n, `${counted}`);
  for (let i = 1; i < vectors.frames.length; i++) {
    page.film.release();
    await settle();
    assert.equal(page.film.times.length, i + 1);
  }
  page.film.release();
  await settle();
  assert.equal(stream.counts.at(-1), BigInt(recording.length));
});

test("after a lost line the film goes on with the same recording, where it was", async (t) => {
  const page = new Page(t);
  const first = await page.records();
  const half = recording.length >> 1;
  first.bring(0, half);
  first.say(lengthOf(100).slice(0, 3)); // a part of a frame does not count
  await settle();
  first.close();
  page.canOpen = false;
  await settle();
  for (let i = 0; i < 3; i++) {
    t.mock.timers.tick(20_000);
    await settle();
  }
  page.canOpen = true;
  t.mock.timers.tick(20_000);
  await settle();
  const second = page.streams.at(-1)!;
  assert.deepEqual([second.header, second.counts], [first.header, [BigInt(half)]]);
  second.bring(half, recording.length);
  await settle();
  page.state(false); // the customer stops it
  assert.equal(page.recording.phase, "saving");
  second.say(concat(lengthOf(0), page.signature()));
  await settle();
  assert.deepEqual([page.film.times.length, page.events], [vectors.frames.length, ["saved"]]);
  assert.deepEqual(page.said, ["ask"]);
});

test("without the rest of the recording the film ends a while after the right", async (t) => {
  const page = new Page(t);
  const stream = await page.records();
  stream.bring(0, recording.length >> 1);
  await settle();
  page.recording.leave();
  await settle();
  assert.deepEqual([page.film.ended, stream.readyState], ["", 1]);
  t.mock.timers.tick(recordEnd);
  await settle();
  assert.deepEqual([page.film.ended, page.events, page.recording.phase], ["finished", ["saved"], "off"]);
});

test("a recording without a picture leaves no file, and nobody is told of a film", async (t) => {
  const page = new Page(t);
  const stream = await page.records();
  page.state(false);
  stream.close();
  await settle();
  assert.deepEqual([page.recording.phase, page.events, page.file.aborted], ["off", [], 1]);
});

test("damage, a wrong signature and a broken encoder end the film, and give the right back", async (t) => {
  const broken: Record<string, (page: Page, stream: FakeStream) => void> = {
    damage: (_, s) => {
      s.bring(recording.length >> 1, recording.length);
      s.say(concat(lengthOf(8), new Uint8Array(8).fill(255)));
    },
    "a frame that is too long": (_, s) => s.say(lengthOf(maxRecordPart + 1)),
    "another signature": (_, s) => {
      s.bring(recording.length >> 1, recording.length);
      s.say(concat(lengthOf(0), new Uint8Array(64)));
    },
    "a broken encoder": (p, s) => {
      p.film.fails = true;
      s.bring(recording.length >> 1, recording.length);
    },
  };
  for (const [name, breaks] of Object.entries(broken)) {
    const page = new Page(t);
    const stream = await page.records();
    stream.bring(0, recording.length >> 1);
    await settle();
    const shown = page.film.times.length;
    assert.ok(shown > 0);
    breaks(page, stream);
    await settle();
    assert.deepEqual([page.recording.phase, page.events, page.said], ["off", ["damaged"], ["ask", "return"]], name);
    assert.equal(stream.signature, null, name);
    assert.equal(page.film.ended, "finished", name);
    t.mock.timers.reset();
  }
});

test("a stream that brings more than may be under way is closed", async (t) => {
  const page = new Page(t);
  page.film.holds = true;
  const stream = await page.records();
  for (let i = 0; i < 40 && stream.readyState === 1; i++) stream.say(new Uint8Array(fileWindow / 16));
  assert.equal(stream.readyState, 3);
});

test("a film ends before the browser cannot keep more of it", async (t) => {
  const page = new Page(t);
  page.limit = 1000;
  const stream = await page.records();
  stream.bring(0, recording.length);
  await settle();
  page.writes(500);
  assert.equal(page.recording.phase, "running");
  page.writes(450);
  assert.deepEqual([page.recording.phase, page.said], ["saving", ["ask", "return"]]);
});
