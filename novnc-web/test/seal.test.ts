import assert from "node:assert/strict";
import { test } from "node:test";
import * as cpace from "../src/seal/cpace.ts";
import {
  handshake,
  Origin,
  Origins,
  SealedChannel,
  SealError,
  Tries,
  type Params,
  type SealFailure,
  type TryMemory,
} from "../src/seal/index.ts";
import { FakeLine, hex, linePair, unhex } from "./lines.ts";
import { until } from "./rfbviewer.ts";

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

/** Stores the number of tries, as a page does across a reload. */
function memory(used: number): TryMemory & { all: number[] } {
  const all: number[] = [];
  return { all, used: () => all.at(-1) ?? used, keep: (n) => all.push(n) };
}

interface Received {
  bytes: Bytes;
  records: number;
  failure: SealError | null;
}

/** Collects what a channel delivers until it closes. */
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

test("nothing is sent on a line that the other side has ended", async () => {
  const { agent, a } = await pair();
  a.readyState = 2; // the connection is closing
  agent.send(Uint8Array.of(1));
  agent.close();
  await until(() => a.readyState === 3);
  assert.equal(a.late, 0);
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

test("after a right try a wrong one burns at once", async () => {
  for (const role of ["agent", "advisor"] as const) {
    const tries = new Tries();
    const ends = (digits: string): Promise<(string | null)[]> =>
      role === "agent" ? failures({ tries }, { number: digits }) : failures({ number: digits }, { tries });
    assert.deepEqual(await ends("482193058"), ["wrong-number", "wrong-number"]);
    assert.deepEqual(await ends(number), [null, null]);
    assert.equal(tries.burnt, false);
    assert.deepEqual(await ends("482193058"), ["wrong-number", "wrong-number"]);
    assert.ok(tries.burnt, role);
  }
});

test("a page that knows of a right try elsewhere has one", async () => {
  const tries = new Tries(3, memory(1));
  tries.markProven();
  assert.deepEqual(await failures({ number: "482193058" }, { tries }), ["wrong-number", "wrong-number"]);
  assert.ok(tries.burnt);
});

test("a right number gives the try back", async () => {
  const kept = memory(0);
  assert.deepEqual(await failures({}, { tries: new Tries(3, kept) }), [null, null]);
  assert.deepEqual(kept.all, [1, 0]);
});

/** Reads an advisor's end up to the opened commitment, then closes the connection. */
async function hangUp(change: Partial<Params>): Promise<void> {
  const line = new FakeLine();
  const done = handshake(line, "advisor", params(change));
  const share = cpace.shareOf(cpace.randomScalar(), cpace.generator(new Uint8Array(0), new Uint8Array(0), new Uint8Array(0)));
  line.receive(unhex("11002102" + hex(share.publicBytes)));
  await until(() => line.sent.length === 2);
  line.close();
  await assert.rejects(done, { name: "SealError", failure: "line" });
}

test("anyone who hangs up after the confirmation has had his try", async () => {
  const tries = new Tries();
  for (let i = 0; i < 3; i++) await hangUp({ tries });
  assert.ok(tries.burnt);
});

test("many right tries at once wait for each other's outcome", async () => {
  const tries = new Tries(1);
  const all = await Promise.all(Array.from({ length: 5 }, () => failures({}, { tries })));
  assert.deepEqual(
    all,
    all.map(() => [null, null]),
  );
});

test("many guesses at once get as many answers as there are tries", async () => {
  const tries = new Tries();
  const all = await Promise.all(Array.from({ length: 8 }, () => failures({ number: "482193058" }, { tries })));
  assert.equal(all.filter(([, advisor]) => advisor === "wrong-number").length, 3);
  assert.equal(all.filter(([, advisor]) => advisor === "burnt").length, 5);
});

test("a stranger who began before the right try does not burn the session after it", async () => {
  for (let used = 0; used < 2; used++) {
    const tries = new Tries(3, memory(used));
    const [stranger, customer] = [await tries.begin(1000), await tries.begin(1000)];
    customer?.(true);
    stranger?.(false);
    assert.equal(tries.burnt, false);
    (await tries.begin(1000))?.(false);
    assert.ok(tries.burnt);
  }
});

test("of those who enter one gets in, and the others burn nothing", async () => {
  const tries = new Tries();
  const enter = () => failures({}, { tries, once: true });
  const all = await Promise.all([enter(), enter(), enter(), enter(), enter()]);
  assert.equal(all.filter(([, advisor]) => advisor === null).length, 1);
  assert.equal(all.filter(([, advisor]) => advisor === "used").length, 4);
  assert.deepEqual(await enter(), ["burnt", "used"]);
  assert.equal(tries.used, 0);
});

test("a stranger who waited while somebody else got in has no try left, and burns nothing", async () => {
  const tries = new Tries();
  const line = new FakeLine();
  const stranger = handshake(line, "advisor", params({ tries, once: true }));
  await until(() => line.sent.length === 1);
  assert.deepEqual(await failures({}, { tries, once: true }), [null, null]);
  const share = cpace.shareOf(cpace.randomScalar(), cpace.generator(new Uint8Array(0), new Uint8Array(0), new Uint8Array(0)));
  line.receive(unhex("11002102" + hex(share.publicBytes)));
  await assert.rejects(stranger, { failure: "used" });
  assert.deepEqual(line.sent.slice(1).map(hex), ["1f000103"]);
  assert.equal(tries.burnt, false);
});

test("a count that another window kept counts here", async () => {
  const kept = memory(0);
  const [here, there] = [new Tries(3, kept), new Tries(3, kept)];
  for (const tries of [here, there, here])
    assert.deepEqual(await failures({ number: "482193058" }, { tries }), ["wrong-number", "wrong-number"]);
  assert.deepEqual(await failures({}, { tries: there }), ["burnt", "burnt"]);
});

test("a later stream goes back to an earlier exchange, and has its code", async () => {
  const origins = new Origins();
  const [a, b] = linePair();
  const [first] = await Promise.all([handshake(a, "agent", params({ origins })), handshake(b, "advisor", params())]);
  const kept = Origin.from(first.origin.keep());
  assert.ok(kept);
  const [c, d] = linePair();
  const ends = await Promise.all([handshake(c, "agent", params({ origins })), handshake(d, "advisor", params({ origin: kept }))]);
  for (const end of ends) assert.equal(end.compare, first.compare);
  // The number and the identifier are not enough to return to the earlier exchange.
  const thief = new Origin(kept.id, new Uint8Array(32), kept.compare);
  assert.deepEqual(await failures({ origins }, { origin: thief }), ["wrong-number", "wrong-number"]);
  assert.deepEqual(await failures({ origins: new Origins() }, { origin: kept }), ["origin", "origin"]);
  assert.deepEqual(await failures({}, { origin: kept }), ["origin", "origin"]);
});

test("on a bound stream a wrong answer burns, a lost line is nothing", async () => {
  const origins = new Origins();
  const tries = new Tries();
  const [a, b] = linePair();
  const [, first] = await Promise.all([handshake(a, "agent", params({ origins })), handshake(b, "advisor", params({ tries }))]);
  for (let i = 0; i < 5; i++) await hangUp({ tries, origin: first.origin });
  assert.equal(tries.used, 0);
  const wrong = new Origins();
  wrong.add(new Origin(first.origin.id, new Uint8Array(32), "0000"));
  assert.deepEqual(await failures({ origins: wrong }, { tries, origin: first.origin }), ["wrong-number", "wrong-number"]);
  assert.ok(tries.burnt);
});

test("what is kept over a reload is read with care", () => {
  const good = new Origin(new Uint8Array(16).fill(1), new Uint8Array(32).fill(2), "0042").keep();
  assert.deepEqual(Origin.from(good)?.keep(), good);
  for (const bad of [
    { id: good.id + "00" },
    { secret: good.secret.slice(2) },
    { compare: "42" },
    { id: "zz".repeat(16) },
    { secret: "" },
  ])
    assert.equal(Origin.from({ ...good, ...bad }), null);
});

test("an agent remembers so many exchanges, and always the first", () => {
  const origin = (n: number) =>
    new Origin(
      Uint8Array.from({ length: 16 }, (_, i) => (i === 0 ? n & 255 : i === 1 ? n >> 8 : 0)),
      new Uint8Array(32),
      "0000",
    );
  const origins = new Origins();
  for (let i = 0; i < 64; i++) origins.add(origin(i));
  assert.ok(origins.find(origin(1).id)); // used again, so that the next one does not replace it
  origins.add(origin(1000));
  for (const [n, known] of [
    [0, true],
    [1, true],
    [2, false],
    [1000, true],
  ] as const)
    assert.equal(origins.find(origin(n).id) !== null, known, String(n));
  for (let i = 2000; i < 2200; i++) origins.add(origin(i));
  assert.ok(origins.find(origin(0).id));
});

test("number, kind and stream are bound", async () => {
  for (const change of [{ number: "482293057" }, { kind: "control" as const }])
    assert.deepEqual(await failures({}, change), ["wrong-number", "wrong-number"]);
  // The commitment is bound to one stream.
  assert.deepEqual(await failures({}, { stream: "BAAAAAAAAAAAAAAAAAAAAA" }), ["opened", "wrong-number"]);
});

test("invalid shares are refused", () => {
  const own = cpace.shareOf(5n, cpace.generator(new Uint8Array(0), new Uint8Array(0), new Uint8Array(0)));
  for (const peer of ["00".repeat(32), "ff".repeat(32), "01" + "00".repeat(31)])
    assert.equal(cpace.secretPoint(own, unhex(peer)), null);
});

test("every flipped bit of the exchange ends it", async () => {
  // Each frame consists of type, length, version and content.
  for (const { side, frame, length } of [
    { side: "b", frame: 0, length: 53 },
    { side: "a", frame: 0, length: 36 },
    { side: "b", frame: 1, length: 100 },
    { side: "a", frame: 1, length: 35 },
  ]) {
    for (let at = 0; at < length; at += at < 4 ? 1 : 9) {
      const [a, b] = linePair();
      const line = side === "a" ? a : b;
      line.tamper = (data) => {
        if (line.sent.length - 1 === frame) data[at]! ^= 0x10;
        return [data];
      };
      const outcomes = await Promise.allSettled([handshake(a, "agent", params()), handshake(b, "advisor", params())]);
      const failed = outcomes.filter((o) => o.status === "rejected");
      // The agent cannot notice a change of its own Confirm; the other end notices it.
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
      await until(() => a.sent.length > base + i || a.readyState === 3); // each is a separate record
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

test("an advisor's end of version 1 waits for the agent, and is told why nothing comes", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const line = new FakeLine();
  const done = handshake(line, "agent", params());
  t.mock.timers.tick(15_000);
  await assert.rejects(done, { failure: "timeout" });
  assert.deepEqual(line.sent.map(hex), ["1f000102"]);
});

function flip(data: Bytes, at: number): Bytes {
  const copy = data.slice();
  copy[at]! ^= 1;
  return copy;
}

function joined(...parts: Uint8Array[]): Bytes {
  return Uint8Array.from(parts.flatMap((p) => [...p]));
}
