import assert from "node:assert/strict";
import { test } from "node:test";
import { Picture } from "../src/rfb/picture.ts";
import { Refusal, Server, type ServerConfig } from "../src/rfb/server.ts";
import { tileSide, TileSet } from "../src/rfb/tiles.ts";
import { fakeJPEG, say, ServerLine, turn, until, Viewer, type Format } from "./rfbviewer.ts";

const width = 200;
const height = 150;

/** A desktop with flat areas, areas of two and of a few colours, and a photograph. */
function desktop(w = width, h = height, seed = 1): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(w * h).fill(0xff302010);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const i = y * w + x;
      if (x >= 64 && x < 128 && y < 64) words[i] = (x + y) % 3 === 0 ? 0xff000000 : 0xffffffff;
      else if (x < 64 && y >= 64 && y < 128) words[i] = 0xff000000 | (((x * seed) % 7) * 0x1111);
      else if (x >= 128) words[i] = 0xff000000 | (((x * 7919 + y * 104729 + seed * 31) * 2654435761) & 0xffffff);
    }
  }
  return words;
}

function setUp(config: Partial<ServerConfig> = {}, minor: 3 | 7 | 8 = 8) {
  const picture = new Picture(width, height);
  picture.show(desktop(), width, height, true);
  const line = new ServerLine();
  const viewer = new Viewer(line, minor);
  const server = new Server(line, { picture, name: "Grüße", ...config });
  const done = server.serve();
  return { picture, line, viewer, server, done };
}

const tight = [7, -26, -308, -307, -223];

async function open(config: Partial<ServerConfig> = {}, encodings: number[] = tight) {
  const rig = setUp(config);
  await until(() => rig.viewer.isOpen, "ServerInit");
  rig.line.say(say.encodings(...encodings));
  return rig;
}

function same(viewer: Viewer, picture: Picture, loss = 0): boolean {
  if (viewer.failure) throw viewer.failure;
  if (viewer.width !== picture.width || viewer.height !== picture.height) return false;
  const want = picture.read({ x: 0, y: 0, width: picture.width, height: picture.height });
  return want.every((w, i) => {
    const got = viewer.pixels[i]!;
    return [0, 8, 16].every((s) => Math.abs(((w >> s) & 0xff) - ((got >> s) & 0xff)) <= loss);
  });
}

const all = (incremental: boolean) => say.request(incremental, 0, 0, width, height);

/** Requests updates again and again, as a viewer does, until the viewer's picture is right. */
async function follow(rig: { viewer: Viewer; line: ServerLine; picture: Picture }, loss = 0): Promise<void> {
  rig.line.say(all(true));
  let seen = rig.viewer.updates.length;
  await until(() => {
    if (rig.viewer.updates.length > seen) {
      seen = rig.viewer.updates.length;
      rig.line.say(all(true));
    }
    return same(rig.viewer, rig.picture, loss);
  }, "the picture");
}

for (const minor of [3, 7, 8] as const) {
  test(`RFB 3.${minor}: handshake, name, picture`, async () => {
    const rig = setUp({}, minor);
    await until(() => rig.viewer.isOpen);
    assert.equal(rig.viewer.name, "Grüße");
    rig.line.say(all(false));
    await until(() => same(rig.viewer, rig.picture), "the picture");
    rig.line.close();
    assert.equal(await rig.done, null);
  });

  test(`RFB 3.${minor}: a refusal reaches the viewer in words`, async () => {
    const rig = setUp({ approve: () => Promise.reject(new Refusal("Der Kunde möchte nicht.")) }, minor);
    assert.equal(((await rig.done) as Error).name, "Refusal");
    assert.equal(rig.viewer.reason, "Der Kunde möchte nicht.");
    assert.ok(rig.line.closed);
    assert.equal(rig.viewer.width, 0);
  });
}

test("no pixel and no size before the customer's yes", async () => {
  let yes: (() => void) | null = null;
  const rig = setUp({ approve: () => new Promise<void>((resolve) => (yes = resolve)) });
  await until(() => rig.line.sent.length >= 2);
  rig.line.say(all(false)); // this viewer does not wait for the result
  await until(() => yes !== null, "the question");
  yes!();
  await until(() => rig.line.sent.length >= 3);
  // After the version and the security types comes the result, and nothing before it.
  assert.deepEqual([...rig.line.sent[2]!], [0, 0, 0, 0]);
});

test("a viewer that hangs up ends the question", async () => {
  let gone: AbortSignal | null = null;
  const rig = setUp({
    approve: (signal) => {
      gone = signal;
      return new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(new Error("gone"))));
    },
  });
  await until(() => gone !== null);
  rig.line.close();
  assert.equal(await rig.done, null);
});

test("a viewer has 20 s for its version, or what it was given", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  for (const [patience, within] of [
    [undefined, 20_000],
    [60_000, 60_000],
  ] as const) {
    const line = new ServerLine();
    const done = new Server(line, { picture: new Picture(8, 8), name: "", ...(patience ? { patience } : {}) }).serve();
    t.mock.timers.tick(within - 1);
    assert.ok(!line.closed, "too early");
    t.mock.timers.tick(1);
    assert.match(String(await done), /did not finish/);
  }
});

test("a version that is none ends it", async () => {
  for (const words of ["GET / HTTP/1", "RFB 002.000\n", "RFB 003.0x8\n"]) {
    const line = new ServerLine();
    const done = new Server(line, { picture: new Picture(8, 8), name: "" }).serve();
    line.say(new TextEncoder().encode(words));
    assert.match(String(await done), /rfb: /, words);
    assert.ok(line.closed);
  }
});

for (const { name, encodings, loss } of [
  { name: "Raw", encodings: [0, -308], loss: 0 },
  { name: "Zlib, as Remmina asks", encodings: [1, 6, 5, 0, -223], loss: 0 },
  { name: "ZRLE", encodings: [16, 0, -223], loss: 0 },
  { name: "Tight without loss", encodings: [7, -308], loss: 0 },
  { name: "Tight with JPEG", encodings: tight, loss: 3 },
]) {
  test(`${name}: the picture arrives and follows`, async () => {
    const rig = await open({ encodeJPEG: fakeJPEG.encode }, encodings);
    await follow(rig, loss);
    for (let seed = 2; seed < 5; seed++) {
      rig.picture.show(desktop(width, height, seed), width, height);
      await follow(rig, loss);
    }
    rig.picture.show(desktop(90, 70), 90, 70);
    await follow(rig, loss);
    rig.line.close();
    assert.equal(await rig.done, null);
  });
}

test("Tight chooses: fill, two colours, palette, JPEG, and full where it is too narrow for that", async () => {
  const rig = await open({ encodeJPEG: fakeJPEG.encode });
  rig.line.say(all(true)); // the first update holds only the size
  await until(() => rig.viewer.updates.length === 1);
  assert.deepEqual(
    rig.viewer.updates[0]!.map((r) => r.kind),
    ["reason 0 result 0"],
  );
  rig.line.say(all(true));
  await until(() => rig.viewer.updates.length === 2);
  const kinds = new Set(rig.viewer.updates[1]!.map((r) => r.kind));
  assert.deepEqual([...kinds].sort(), ["fill", "full", "jpeg", "palette 2", "palette 7"]);
});

test("what stands still is sent again without loss", async () => {
  const rig = await open({ encodeJPEG: fakeJPEG.encode });
  await follow(rig, 3);
  assert.ok(!same(rig.viewer, rig.picture));
  await follow(rig, 0);
});

test("JPEG that fails is not needed", async () => {
  const rig = await open({ encodeJPEG: () => Promise.reject(new Error("no canvas")) });
  await follow(rig, 0);
});

for (const { name, format, bits, depth, loss } of [
  {
    name: "BGRX little",
    format: { bytes: 4, big: false, max: [255, 255, 255], shift: [16, 8, 0], tight3: true },
    bits: 32,
    depth: 24,
    loss: 0,
  },
  {
    name: "big endian, high",
    format: { bytes: 4, big: true, max: [255, 255, 255], shift: [24, 16, 8], tight3: true },
    bits: 32,
    depth: 24,
    loss: 0,
  },
  {
    name: "565",
    format: { bytes: 2, big: false, max: [31, 63, 31], shift: [11, 5, 0], tight3: false },
    bits: 16,
    depth: 16,
    loss: 5,
  },
  {
    name: "565 big endian",
    format: { bytes: 2, big: true, max: [31, 63, 31], shift: [11, 5, 0], tight3: false },
    bits: 16,
    depth: 16,
    loss: 5,
  },
  { name: "332", format: { bytes: 1, big: false, max: [7, 7, 3], shift: [0, 3, 6], tight3: false }, bits: 8, depth: 8, loss: 43 },
]) {
  for (const encoding of [0, 6, 7, 16]) {
    test(`pixel format ${name}, encoding ${encoding}`, async () => {
      const rig = setUp({ encodeJPEG: fakeJPEG.encode });
      await until(() => rig.viewer.isOpen);
      rig.line.say(say.format(bits, depth, format.big, format.max, format.shift));
      rig.viewer.format = format as Format;
      rig.line.say(say.encodings(encoding));
      rig.line.say(all(false));
      await until(() => same(rig.viewer, rig.picture, loss), "the picture");
    });
  }
}

test("formats that cannot be are refused by name", async () => {
  for (const message of [
    say.format(24, 24, false, [255, 255, 255], [0, 8, 16]),
    say.format(16, 16, false, [255, 255, 255], [0, 8, 16]),
    say.format(32, 24, false, [255, 255, 255], [0, 4, 16]),
    say.format(32, 24, false, [254, 255, 255], [0, 8, 16]),
    say.format(32, 24, false, [0, 255, 255], [0, 8, 16]),
    Uint8Array.from([0, 0, 0, 0, 8, 8, 0, 0, ...new Uint8Array(12)]),
  ]) {
    const rig = await open();
    rig.line.say(message);
    assert.match(String(await rig.done), /rfb: /);
  }
});

test("every message, one byte at a time", async () => {
  const rig = await open({}, []);
  rig.line.drip(say.format(32, 24, false, [255, 255, 255], [0, 8, 16]));
  rig.line.drip(say.encodings(7, -26, -308, -312, -313));
  for (const m of [say.key, say.pointer, say.cut(5000), say.cut(-70), say.size, say.qemuKey]) rig.line.drip(m);
  rig.line.drip(say.fence(0x8000_0003, [1, 2, 3]));
  rig.line.drip(say.continuous(true, width, height));
  rig.line.drip(all(false));
  await until(() => same(rig.viewer, rig.picture), "the picture");
  assert.ok(rig.viewer.fences.some((f) => f.flags === 3 && f.payload.join() === "1,2,3"));
  assert.equal(rig.viewer.endOfContinuous, 1);
  assert.ok(rig.viewer.updates.flat().some((r) => r.kind === "reason 1 result 1"));
});

test("what was not offered ends the viewer, by name", async () => {
  for (const [message, words] of [
    [Uint8Array.of(7), /message type 7/],
    [Uint8Array.of(255, 1), /QEMU message 1/],
    [Uint8Array.of(248, 0, 0, 0, 0, 0, 0, 0, 65), /fence of 65/],
    [Uint8Array.of(6, 0, 0, 0, 0x7f, 0, 0, 0), /clipboard text/],
    [Uint8Array.of(6, 0, 0, 0, 0x80, 0, 0, 0), /clipboard text/],
  ] as const) {
    const rig = await open();
    rig.line.say(message);
    assert.match(String(await rig.done), words);
    assert.ok(rig.line.closed);
  }
});

for (const encodings of [[0], [6], [16], [7], [7, -26]]) {
  test(`a simple viewer's first update is the whole picture (encodings ${encodings.join()})`, async () => {
    const [w, h] = [1200, 900]; // otherwise more than fits into one update
    const picture = new Picture(w, h);
    picture.show(desktop(w, h), w, h, true);
    const line = new ServerLine();
    const viewer = new Viewer(line, 8);
    const done = new Server(line, { picture, name: "large", encodeJPEG: fakeJPEG.encode }).serve();
    await until(() => viewer.isOpen, "ServerInit");
    line.say(say.encodings(...encodings));
    line.say(say.request(false, 0, 0, w, h));
    await until(() => viewer.updates.length > 0, "an update");
    assert.equal(viewer.updates.length, 1);
    assert.ok(same(viewer, picture, encodings.includes(-26) ? 4 : 0));
    line.close();
    await done;
  });
}

test("continuous updates come unasked, until they are switched off", async () => {
  const rig = await open({}, [7, -313, -312]);
  rig.line.say(say.continuous(true, width, height));
  await until(() => same(rig.viewer, rig.picture), "the picture");
  rig.picture.show(desktop(width, height, 9), width, height);
  await until(() => same(rig.viewer, rig.picture), "the next");
  rig.line.say(say.continuous(false, 0, 0));
  await until(() => rig.viewer.endOfContinuous === 2);
  rig.picture.show(desktop(width, height, 9), width, height, true); // everything is new
  // Only the requested corner comes, although everything is new.
  const seen = rig.viewer.updates.length;
  rig.line.say(say.request(true, 0, 0, 1, 1));
  await until(() => rig.viewer.updates.length > seen);
  rig.line.say(say.request(true, width - 1, height - 1, 1, 1));
  await until(() => rig.viewer.updates.length > seen + 1);
  assert.equal(rig.viewer.updates.length, seen + 2);
});

test("a slow viewer gets the newest picture, not all of them", async () => {
  const rig = await open({}, [0, -313]);
  rig.line.say(say.continuous(true, width, height));
  await until(() => same(rig.viewer, rig.picture), "the picture");
  const updates = rig.viewer.updates.length;
  let looks = 0; // the connection accepts no data
  Object.defineProperty(rig.line, "bufferedAmount", { get: () => (looks++, 10 << 20), configurable: true });
  for (let seed = 20; seed < 60; seed++) rig.picture.show(desktop(width, height, seed), width, height);
  await until(() => looks > 2, "a second look at the line");
  assert.equal(rig.viewer.updates.length, updates);
  Object.defineProperty(rig.line, "bufferedAmount", { value: 0 });
  await until(() => same(rig.viewer, rig.picture), "the newest");
  assert.ok(rig.viewer.updates.length - updates <= 3);
});

test("a viewer that answers no fence is not flooded", async () => {
  const rig = await open({}, [0, -313, -312]);
  rig.viewer.answerFences = false;
  rig.line.say(say.continuous(true, width, height));
  await until(() => rig.viewer.updates.length > 0);
  for (let seed = 20; seed < 120; seed++) {
    rig.picture.show(desktop(width, height, seed), width, height);
    await turn();
  }
  const bytes = rig.line.sent.reduce((n, b) => n + b.length, 0);
  assert.ok(bytes < 1_500_000, `${bytes} bytes`);
});

test("SyncNext: the answer comes behind the next message", async () => {
  const rig = await open({}, [7, -312]);
  await until(() => rig.viewer.fences.length === 1);
  rig.viewer.answerFences = false; // an answer would count as the next message
  rig.line.say(say.fence(0x8000_0000, [1])); // its answer comes after everything before it
  await until(() => rig.viewer.fences.some((f) => f.payload[0] === 1));
  rig.line.say(say.fence(0x8000_0004, [7]));
  // The next message is answered at once. The fence's answer follows that answer.
  rig.line.say(say.continuous(false, 0, 0));
  await until(() => rig.viewer.fences.some((f) => f.payload[0] === 7 && f.flags === 4));
  const sent = rig.line.sent.map((b) => b[0]);
  assert.ok(sent.lastIndexOf(150) > 0 && sent.lastIndexOf(150) < sent.lastIndexOf(248), sent.join(" "));
});

test("a viewer that cannot resize keeps its size, with black beside", async () => {
  const rig = await open({}, [0]);
  rig.picture.show(desktop(90, 70), 90, 70);
  rig.line.say(all(false));
  await until(() => rig.viewer.updates.length > 0 && rig.viewer.pixels.every((p) => p !== 0x123456));
  assert.equal(rig.viewer.width, width);
  assert.equal(rig.viewer.pixels[69 * width + 89], rig.picture.read({ x: 89, y: 69, width: 1, height: 1 })[0]);
  assert.equal(rig.viewer.pixels[69 * width + 90], 0);
  assert.equal(rig.viewer.failure, null);
});

test("the name follows", async () => {
  const rig = await open();
  await follow(rig);
  rig.line.say(all(true));
  rig.server.setName("Anna zeigt");
  await until(() => rig.viewer.name === "Anna zeigt");
});

test("what was replaced while it was encoded is not sent", async () => {
  let go = () => {};
  let begun = 0;
  const encodeJPEG: ServerConfig["encodeJPEG"] = async (words, w, h, q) => {
    begun++;
    await new Promise<void>((resolve) => (go = resolve));
    return fakeJPEG.encode(words, w, h, q);
  };
  const rig = await open({ encodeJPEG }, [7, -26]);
  rig.line.say(all(false));
  await until(() => begun > 0);
  const waiting = new Uint32Array(width * height).fill(0xff556677);
  rig.picture.show(waiting, width, height, true);
  go();
  await until(() => same(rig.viewer, rig.picture), "the waiting picture");
  assert.ok(!rig.viewer.updates.flat().some((r) => r.kind === "jpeg"));
});

test("random changes of a viewer's bytes end it or do nothing, and never throw elsewhere", async () => {
  const good = [
    say.format(16, 16, false, [31, 63, 31], [11, 5, 0]),
    say.encodings(7, 16, 6, 0, -26, -308, -307, -312, -313),
    all(false),
    all(true),
    say.key,
    say.pointer,
    say.cut(20),
    say.fence(0x8000_0007, [1, 2]),
    say.continuous(true, 100, 100),
    say.size,
    say.qemuKey,
  ];
  let state = 12345;
  const random = (n: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state % n;
  };
  for (let round = 0; round < 300; round++) {
    const rig = setUp({ encodeJPEG: fakeJPEG.encode });
    rig.viewer.answerFences = random(2) === 0;
    rig.line.heard = () => {}; // the test ignores the server's answers
    rig.line.say(new TextEncoder().encode("RFB 003.008\n"));
    rig.line.say(Uint8Array.of(1, 1));
    for (let i = 0; i < 12 && !rig.line.closed; i++) {
      const message = good[random(good.length)]!.slice();
      for (let m = random(3); m > 0; m--) message[random(message.length)] = random(256);
      rig.line.say(message.subarray(0, random(10) === 0 ? random(message.length) : message.length));
      if (random(3) === 0) await Promise.resolve();
    }
    await turn();
    rig.line.close();
    const why = await rig.done;
    assert.ok(why === null || (why instanceof Error && why.message.startsWith("rfb: ")), String((why as Error)?.stack ?? why));
  }
});

test("tiles: few rectangles, none too large, nothing lost", () => {
  for (let round = 0; round < 50; round++) {
    const set = new TileSet(1000, 700);
    const wanted = new Set<string>();
    for (let i = 0; i < round * 3; i++) {
      const [c, r] = [(i * 7 + round) % set.columns, (i * 3 + round * 5) % set.rows];
      set.add(c, r);
      wanted.add(`${c},${r}`);
    }
    for (const { x, y, width: w, height: h } of set.rects(4, 2)) {
      assert.ok(w <= 4 * tileSide && h <= 2 * tileSide);
      for (let r = y / tileSide; r * tileSide < y + h; r++)
        for (let c = x / tileSide; c * tileSide < x + w; c++) assert.ok(wanted.delete(`${c},${r}`));
    }
    assert.equal(wanted.size, 0);
  }
});
