// Recordings in a page: their blocks, the chain over them, and their pictures.

import { ed25519 } from "@noble/curves/ed25519.js";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Blocks, DamagedError, maxData, signedMessage, type Block } from "../src/fbs/blocks.ts";
import { Player, type Area, type Picture } from "../src/fbs/player.ts";
import { toHex } from "../src/seal/bytes.ts";
import { vectors } from "./recordingvectors.ts";

const { recording } = vectors;

function hashOf(picture: Picture): string {
  const out = new Uint8Array(8 + 3 * picture.pixels.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, picture.width);
  view.setUint32(4, picture.height);
  picture.pixels.forEach((pixel, i) => {
    assert.equal(pixel >>> 24, 255);
    out.set([pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255], 8 + 3 * i);
  });
  return createHash("sha256").update(out).digest("hex");
}

/** Passes data through a player in pieces. */
function play(blocks: Block[]): { hashes: string[]; areas: Area[][]; player: Player } {
  const player = new Player();
  const [hashes, areas]: [string[], Area[][]] = [[], []];
  for (const { data } of blocks) {
    const changed = player.take(data);
    if (!changed || changed.length === 0) continue;
    areas.push(changed);
    hashes.push(hashOf(player.picture!));
  }
  return { hashes, areas, player };
}

const allBlocks = () => new Blocks().take(recording);

test("the chain and the signed message are those of the Go programs, however the bytes arrive", () => {
  for (const size of [1, 7, 4096, recording.length]) {
    const blocks = new Blocks();
    let n = 0;
    for (let at = 0; at < recording.length; at += size) n += blocks.take(recording.subarray(at, at + size)).length;
    assert.ok(blocks.whole);
    assert.equal(n, allBlocks().length);
    const head = blocks.close();
    assert.deepEqual([toHex(head), blocks.links, blocks.size], [vectors.head, vectors.links, recording.length]);
    const message = signedMessage(blocks, head, vectors.agentKey, vectors.advisorKey);
    assert.ok(ed25519.verify(vectors.agentSignature, message, vectors.agentKey));
  }
});

test("a recording that is cut off ends with its last whole block", () => {
  const whole = new Blocks();
  const some = whole.take(recording.subarray(0, recording.length - 1));
  assert.equal(some.length, allBlocks().length - 1);
  assert.equal(whole.whole, false);
});

test("what is no recording is refused", () => {
  const changed = (at: number, to: number) => {
    const copy = recording.slice();
    copy[at] = to;
    return copy;
  };
  const text = "FBS 001.000\n".length;
  for (const [name, bytes] of [
    ["another format", changed(6, 0x39)],
    ["a block that is too large", changed(text, 0x7f)],
    ["time that runs backwards", Uint8Array.from([...recording.slice(0, recording.length - 4), 0, 0, 0, 0])],
  ] as const)
    assert.throws(() => new Blocks().take(bytes), DamagedError, name);
  assert.ok(maxData >= 32 << 10);
});

test("every picture is the one that the Go player decodes", () => {
  const { hashes } = play(allBlocks());
  assert.deepEqual(hashes, vectors.frames);
});

test("data that is cut into single bytes gives the same pictures in the end", () => {
  const player = new Player();
  for (const { data } of allBlocks()) for (const byte of data) player.take(Uint8Array.of(byte));
  assert.equal(hashOf(player.picture!), vectors.frames.at(-1));
});

test("the areas that are reported cover everything that changed", () => {
  const player = new Player();
  let before: Picture | null = null;
  let copy = new Uint32Array(0);
  for (const { data } of allBlocks()) {
    const changed = player.take(data);
    const picture = player.picture;
    if (!changed || !picture) continue;
    if (picture !== before) copy = new Uint32Array(picture.pixels.length);
    for (const { x, y, width, height } of changed)
      for (let row = y; row < y + height; row++) {
        const at = row * picture.width + x;
        copy.set(picture.pixels.subarray(at, at + width), at);
      }
    assert.deepEqual(copy, picture.pixels);
    before = picture;
  }
});

test("a damaged recording never does more than end", () => {
  const data = allBlocks().map((b) => b.data);
  let seed = 1;
  const random = (n: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % n;
  };
  let refused = 0;
  const rounds = 300;
  for (let i = 0; i < rounds; i++) {
    const player = new Player();
    const victim = random(data.length);
    try {
      data.forEach((part, n) => {
        const bytes = part.slice();
        if (n === victim) bytes[random(bytes.length)] = random(256);
        player.take(bytes);
      });
    } catch (e) {
      assert.ok(e instanceof DamagedError, String(e));
      refused++;
    }
  }
  assert.ok(refused > rounds / 10, `${refused} of ${rounds} were refused`);
});

/** The begin of a recording with a picture of this size. */
function beginOf(width: number, height: number): Uint8Array<ArrayBuffer> {
  const begin = allBlocks()[0]!.data.slice();
  const view = new DataView(begin.buffer);
  view.setUint16(16, width);
  view.setUint16(18, height);
  return begin;
}

function update(x: number, y: number, w: number, h: number, encoding: number, ...data: number[]): Uint8Array<ArrayBuffer> {
  const head = new DataView(new ArrayBuffer(16 + data.length));
  head.setUint16(2, 1);
  [x, y, w, h].forEach((v, i) => head.setUint16(4 + 2 * i, v));
  head.setInt32(12, encoding);
  new Uint8Array(head.buffer).set(data, 16);
  return new Uint8Array(head.buffer);
}

test("what a picture cannot have is refused before memory is taken for it", () => {
  const bad: Record<string, [begin: [number, number], message: Uint8Array<ArrayBuffer>]> = {
    "a picture without pixels": [[0, 5], update(0, 0, 1, 1, 0)],
    "a picture that is too large": [[8192, 8192], update(0, 0, 1, 1, 0)],
    "a size that is too large": [[10, 10], update(0, 0, 9000, 10, -223)],
    "outside of the picture": [[10, 10], update(5, 5, 6, 5, 0)],
    "a copy from outside": [[10, 10], update(0, 0, 5, 5, 1, 0, 6, 0, 0)],
    "an encoding that nobody asked for": [[10, 10], update(0, 0, 5, 5, 7)],
    "a rectangle that is too long": [[10, 10], update(0, 0, 5, 5, 16, 255, 255, 255, 255)],
    "not deflated": [[10, 10], update(0, 0, 5, 5, 16, 0, 0, 0, 3, 1, 2, 3)],
    "another message": [[10, 10], Uint8Array.of(2, 0, 0, 0)],
  };
  for (const [name, [[width, height], message]] of Object.entries(bad))
    assert.throws(
      () => {
        const player = new Player();
        player.take(beginOf(width, height));
        player.take(message);
      },
      DamagedError,
      name,
    );
  assert.throws(() => new Player().take(new Uint8Array(200)), DamagedError);
});

test("a copy onto itself moves every row once", () => {
  for (const [x, y] of [
    [0, 1],
    [1, 0],
    [1, 1],
    [0, 0],
  ] as const) {
    const player = new Player();
    player.take(beginOf(4, 4));
    const pixels = Array.from({ length: 16 }, (_, i) => [i, 0, 0, 0]).flat();
    player.take(update(0, 0, 4, 4, 0, ...pixels));
    const before = player.picture!.pixels.slice();
    player.take(update(1 - x, 1 - y, 3, 3, 1, 0, x, 0, y));
    for (let row = 0; row < 3; row++)
      for (let column = 0; column < 3; column++)
        assert.equal(player.picture!.pixels[(row + 1 - y) * 4 + column + 1 - x], before[(row + y) * 4 + column + x]);
  }
});
