import assert from "node:assert/strict";
import { test } from "node:test";
import * as cpace from "../src/seal/cpace.ts";
import { handshake, SealedChannel, SealError, Tries, type Params, type SealFailure } from "../src/seal/index.ts";
import { FakeLine, hex, linePair, unhex } from "./lines.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const number = "482193057";

function params(change: Partial<Params> = {}): Params {
  return { number, kind: "view", stream: "AAAAAAAAAAAAAAAAAAAAAA", tries: new Tries(), ...change };
}

async function pair(): Promise<{ agent: SealedChannel; advisor: SealedChannel; a: FakeLine; b: FakeLine }> {
  const [a, b] = linePair();
  const [agent, advisor] = await Promise.all([handshake(a, "agent", params()), handshake(b, "advisor", params())]);
  return { agent, advisor, a, b };
}

interface Received {
  bytes: Bytes;
  records: number;
  failure: SealError | null;
}

/** Collects what a channel gives until its end. */
function collect(channel: SealedChannel): Promise<Received> {
  const parts: Uint8Array[] = [];
  return new Promise((resolve) => {
    channel.onmessage = ({ data }) => parts.push(new Uint8Array(data));
    channel.onclose = ({ wasClean }) => {
      assert.equal(wasClean, channel.failure === null);
      resolve({ bytes: Uint8Array.from(parts.flatMap((p) => [...p])), records: parts.length, failure: channel.failure });
    };
  });
}

async function failures(agent: Partial<Params>, advisor: Partial<Params>): Promise<(string | null)[]> {
  const [a, b] = linePair();
  const outcome = async (p: Promise<SealedChannel>) => {
    try {
      await p;
      return null;
    } catch (e) {
      assert.ok(e instanceof SealError, String(e));
      return e.failure;
    }
  };
  return Promise.all([outcome(handshake(a, "agent", params(agent))), outcome(handshake(b, "advisor", params(advisor)))]);
}

test("bytes pass both ways and the end is normal", async () => {
  for (const swapped of [false, true]) {
    const { agent, advisor } = await pair();
    const [from, to] = swapped ? [advisor, agent] : [agent, advisor];
    const data = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7) & 0xff);
    const received = collect(to);
    from.send(data);
    from.close();
    const { bytes, failure } = await received;
    assert.equal(failure, null);
    assert.deepEqual(bytes, data);
  }
});

test("what is sent in one go shares a record", async () => {
  const { agent, advisor, a } = await pair();
  const before = a.sent.length;
  const received = collect(advisor);
  for (let i = 0; i < 100; i++) agent.send(Uint8Array.of(i));
  agent.close();
  const { bytes, records } = await received;
  assert.equal(records, 1);
  assert.equal(bytes.length, 100);
  assert.equal(a.sent.length - before, 2); // Data, End
});

test("send copies: noVNC uses its buffer again", async () => {
  const { agent, advisor } = await pair();
  const received = collect(advisor);
  const buffer = Uint8Array.of(1, 2, 3);
  agent.send(buffer);
  buffer.fill(9);
  agent.close();
  assert.deepEqual((await received).bytes, Uint8Array.of(1, 2, 3));
});

test("noVNC finds the eight members on the object or its prototype", async () => {
  const { agent } = await pair();
  const found = [...Object.keys(agent), ...Object.getOwnPropertyNames(Object.getPrototypeOf(agent))];
  for (const member of ["send", "close", "binaryType", "onerror", "onmessage", "onopen", "protocol", "readyState"])
    assert.ok(found.includes(member), member);
});

test("a wrong number is noticed by both, three burn it", async () => {
  const [mine, theirs] = [new Tries(), new Tries()];
  for (let i = 0; i < 3; i++) {
    assert.equal(theirs.burnt, false);
    assert.deepEqual(await failures({ tries: mine }, { number: "482193058", tries: theirs }), ["wrong-number", "wrong-number"]);
  }
  assert.ok(mine.burnt && theirs.burnt);
  assert.deepEqual(await failures({}, { tries: theirs }), ["burnt", "burnt"]);
  assert.deepEqual(await failures({ tries: mine }, {}), ["burnt", "burnt"]);
});

test("a right number gives the try back", async () => {
  const used: number[] = [];
  const tries = new Tries(0, (n) => used.push(n));
  assert.deepEqual(await failures({}, { tries }), [null, null]);
  assert.deepEqual(used, [1, 0]);
});

test("whoever hangs up after the confirmation has had his try", async () => {
  const tries = new Tries();
  for (let i = 0; i < 3; i++) {
    const line = new FakeLine();
    const done = handshake(line, "advisor", params({ tries }));
    const share = cpace.shareOf(cpace.randomScalar(), cpace.generator(new Uint8Array(0), new Uint8Array(0), new Uint8Array(0)));
    line.receive(unhex("11002101" + hex(share.publicBytes)));
    setTimeout(() => line.close());
    await assert.rejects(done, { name: "SealError", failure: "line" });
  }
  assert.ok(tries.burnt);
});

test("number, kind and stream are bound", async () => {
  for (const change of [{ number: "482293057" }, { kind: "control" as const }, { stream: "BAAAAAAAAAAAAAAAAAAAAA" }])
    assert.deepEqual(await failures({}, change), ["wrong-number", "wrong-number"]);
});

test("invalid shares are refused", () => {
  const own = cpace.shareOf(5n, cpace.generator(new Uint8Array(0), new Uint8Array(0), new Uint8Array(0)));
  for (const peer of ["00".repeat(32), "ff".repeat(32), "01" + "00".repeat(31)])
    assert.equal(cpace.secretPoint(own, unhex(peer)), null);
});

test("every flipped bit of the exchange ends it", async () => {
  // Frame by frame: type, length, version, share, tag.
  for (const { side, frame, length } of [
    { side: "a", frame: 0, length: 36 },
    { side: "b", frame: 0, length: 68 },
    { side: "a", frame: 1, length: 35 },
  ]) {
    for (let at = 0; at < length; at += at < 4 ? 1 : 9) {
      const [a, b] = linePair();
      const line = side === "a" ? a : b;
      line.tamper = (data) => {
        if (line.sent.length - 1 === frame) data[at]! ^= 0x10;
        return [data];
      };
      const timer = setTimeout(() => a.close(), 200); // a changed length waits for more
      const outcomes = await Promise.allSettled([handshake(a, "agent", params()), handshake(b, "advisor", params())]);
      clearTimeout(timer);
      const failed = outcomes.filter((o) => o.status === "rejected");
      // The agent cannot see that its own Confirm was changed; the other end does.
      assert.ok(failed.length >= 1, `${side} frame ${frame} byte ${at}`);
      for (const f of failed) assert.equal(f.reason.name, "SealError");
    }
  }
});

const tampering: {
  name: string;
  failure: SealFailure;
  plain: number;
  tamper: (frame: Bytes, index: number, all: Bytes[]) => Bytes[];
}[] = [
  { name: "bit flip in the body", failure: "forged", plain: 1, tamper: (f, i) => (i === 1 ? [flip(f, f.length - 1)] : [f]) },
  { name: "bit flip in the tag's frame type", failure: "protocol", plain: 1, tamper: (f, i) => (i === 1 ? [flip(f, 0)] : [f]) },
  { name: "replay", failure: "forged", plain: 1, tamper: (f, i) => (i === 0 ? [f, f] : [f]) },
  { name: "left out", failure: "forged", plain: 1, tamper: (f, i) => (i === 1 ? [] : [f]) },
  { name: "reordered", failure: "forged", plain: 1, tamper: (f, i, all) => (i === 1 ? [] : i === 2 ? [f, all[1]!] : [f]) },
  { name: "made up", failure: "forged", plain: 0, tamper: (f) => [unhex("210011" + "00".repeat(17)), f] },
  { name: "End left out", failure: "truncated", plain: 3, tamper: (f) => (f[0] === 0x22 ? [] : [f]) },
  {
    name: "cut inside a frame",
    failure: "truncated",
    plain: 1,
    tamper: (f, i) => (i === 1 ? [f.slice(0, 9)] : i > 1 ? [] : [f]),
  },
  {
    name: "exchange frame among the data",
    failure: "protocol",
    plain: 1,
    tamper: (f, i) => (i === 1 ? [unhex("1f000101"), f] : [f]),
  },
  { name: "bytes after the end", failure: "protocol", plain: 3, tamper: (f) => (f[0] === 0x22 ? [joined(f, f)] : [f]) },
];

for (const { name, failure, plain, tamper } of tampering) {
  test(`tampering: ${name}`, async () => {
    const { agent, advisor, a } = await pair();
    const base = a.sent.length;
    a.tamper = (data) => tamper(data, a.sent.length - 1 - base, a.sent.slice(base));
    const received = collect(advisor);
    for (let i = 0; i < 3; i++) {
      agent.send(new Uint8Array(10).fill(i + 1));
      await new Promise((r) => setTimeout(r, 5));
    }
    agent.close();
    const got = await received;
    assert.equal(got.failure?.failure, failure);
    assert.equal(got.records, plain);
    assert.equal(got.bytes.length, 10 * plain);
    assert.equal(advisor.readyState, 3);
  });
}

test("every bit of a record counts", async () => {
  for (let at = 3; at < 3 + 4 + 16; at++) {
    const { agent, advisor, a } = await pair();
    a.tamper = (data) => [flip(data, at)];
    const received = collect(advisor);
    agent.send(Uint8Array.of(1, 2, 3, 4));
    const got = await received;
    assert.equal(got.failure?.failure, "forged");
    assert.equal(got.bytes.length, 0);
  }
});

test("boundaries of messages mean nothing", async () => {
  const { agent, advisor, a } = await pair();
  a.tamper = (data) => Array.from(data, (b) => Uint8Array.of(b));
  const received = collect(advisor);
  agent.send(new Uint8Array(1000).fill(7));
  agent.close();
  assert.deepEqual((await received).bytes, new Uint8Array(1000).fill(7));
});

test("an answer that never comes ends the exchange", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const done = handshake(new FakeLine(), "advisor", params());
  t.mock.timers.tick(20_000);
  await assert.rejects(done, { failure: "timeout" });
});

function flip(data: Bytes, at: number): Bytes {
  const copy = data.slice();
  copy[at]! ^= 1;
  return copy;
}

function joined(...parts: Uint8Array[]): Bytes {
  return Uint8Array.from(parts.flatMap((p) => [...p]));
}
