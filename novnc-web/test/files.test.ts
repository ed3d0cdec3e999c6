// Files from the advisor to the customer: the list, and the streams that bring them.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test, type TestContext } from "node:test";
import { Files, offerEvery, readFileState, type FileEvent, type OfferedFile, type ReportedFile } from "../src/advisor/files.ts";
import { FileSender, type StreamEnd } from "../src/common/filesender.ts";
import { FileWindow } from "../src/common/filewindow.ts";
import { shortName } from "../src/common/shortname.ts";
import { sizeText } from "../src/common/sizes.ts";
import { fileWindow, maxFileName, maxFiles, maxFileSize } from "../src/protocol_gen.ts";
import type { SealedChannel } from "../src/seal/index.ts";
import { commonTexts } from "../src/texts_gen/common.ts";

const kib = 1024;
const id = "A".repeat(22);

/** Bytes that differ from place to place. */
function bytes(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(size);
  let x = seed;
  for (let i = 0; i < size; i++) out[i] = (x = (x * 48271) % 2147483647) >> 8;
  return out;
}

const sumOf = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");

/** A file that notes how much of it is read at once. Reading takes no time. */
function fileOf(data: Uint8Array<ArrayBuffer>, name = "report.pdf") {
  const reads: number[] = [];
  const file = {
    name,
    size: data.length,
    slice: (from: number, to: number) => {
      reads.push(to - from);
      return { arrayBuffer: () => Promise.resolve(data.slice(from, to).buffer) };
    },
  };
  return { file: file as unknown as Blob & { name: string }, reads };
}

/** The page's end of a file stream. The test plays the agent. */
class FakeStream {
  readyState = 1;
  onmessage: ((e: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((e: unknown) => void) | null = null;
  header = "";
  /** What came after the header. */
  data = new Uint8Array(0);
  /** Called with each part that arrives after the header. */
  heard: () => void = () => {};

  get channel(): SealedChannel {
    return this as unknown as SealedChannel;
  }

  send(part: Uint8Array): void {
    if (this.readyState !== 1) return;
    if (this.header === "") {
      this.header = new TextDecoder().decode(part);
      return;
    }
    this.data = new Uint8Array([...this.data, ...part]);
    this.heard();
  }

  close(): void {
    if (this.readyState !== 1) return;
    this.readyState = 3;
    queueMicrotask(() => this.onclose?.({}));
  }

  say(...counts: (number | bigint)[]): void {
    const out = new DataView(new ArrayBuffer(8 * counts.length));
    counts.forEach((n, i) => out.setBigUint64(8 * i, BigInt(n)));
    this.onmessage?.({ data: out.buffer });
  }
}

/** Waits for something that does not depend on time. The tests hold the timers back. */
async function until(what: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !what();) {
    if (Date.now() > end) throw new Error("it did not come: " + what);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A sender with its clock, and the stream that is open. */
function senderOf(data: Uint8Array<ArrayBuffer>) {
  const { file, reads } = fileOf(data);
  const clock = { now: 0 };
  const sender = new FileSender(
    id,
    file,
    () => {},
    () => clock.now,
  );
  const open = () => {
    const stream = new FakeStream();
    const end = sender.send(stream.channel);
    return { stream, end };
  };
  return { sender, reads, clock, open };
}

/** Takes a whole file from a stream, as the Go agent does. Returns its bytes and the hash. */
async function takeAll(stream: FakeStream, end: Promise<StreamEnd>, size: number, begin = 0) {
  const want = size - begin + 32;
  stream.heard = () => {
    const got = begin + Math.min(stream.data.length, size - begin);
    if (stream.data.length < want) stream.say(Math.min(got, size - 1));
    else {
      stream.say(size);
      stream.close();
    }
  };
  stream.say(begin);
  assert.equal(await end, "sent");
  return { bytes: stream.data.slice(0, size - begin), sum: Buffer.from(stream.data.slice(size - begin)).toString("hex") };
}

test("a whole file is sent by slices, and then its hash", async () => {
  for (const size of [0, 1, 31, 32, 64 * kib, 64 * kib + 1, 700 * kib + 3]) {
    const data = bytes(size);
    const { sender, open, reads } = senderOf(data);
    const { stream, end } = open();
    assert.equal(stream.header, `{"file":"${id}"}\n`);
    const got = await takeAll(stream, end, size);
    assert.deepEqual(Buffer.from(got.bytes), Buffer.from(data), `${size} bytes`);
    assert.equal(got.sum, sumOf(data));
    assert.equal(Buffer.from(sender.sum!).toString("hex"), sumOf(data));
    assert.equal(sender.counted, size);
    assert.ok(Math.max(0, ...reads) <= 64 * kib);
  }
});

test("a file goes on where the agent says, and its hash is that of the whole file", async () => {
  for (let seed = 1; seed <= 5; seed++) {
    let random = seed;
    const draw = (n: number) => (random = (random * 48271) % 2147483647) % n;
    const data = bytes(300 * kib + seed);
    const { sender, open } = senderOf(data);
    let taken = 0;
    for (let i = 0; i < 6; i++) {
      const { stream, end } = open();
      const begin = taken;
      const enough = draw(60 * kib);
      stream.heard = () => {
        // The agent takes a part of what has arrived, and then its line breaks.
        if (stream.data.length >= enough) stream.close();
      };
      stream.say(begin);
      assert.equal(await end, "early");
      assert.deepEqual(Buffer.from(stream.data), Buffer.from(data.slice(begin, begin + stream.data.length)));
      taken = begin + draw(stream.data.length + 1);
    }
    const { stream, end } = open();
    const got = await takeAll(stream, end, data.length, taken);
    assert.deepEqual(Buffer.from(got.bytes), Buffer.from(data.slice(taken)));
    assert.equal(got.sum, sumOf(data));
    assert.equal(sender.counted, data.length);
    // Only the hash was lost: it is sent again.
    const again = open();
    assert.equal((await takeAll(again.stream, again.end, data.length, data.length)).sum, sumOf(data));
  }
});

test("no more is under way than the window allows, which grows to that of the protocol", async () => {
  const data = bytes(5 * 1024 * kib);
  const { open } = senderOf(data);
  const { stream, end } = open();
  let counted = 0;
  let most = 0;
  let total = 0;
  // The bytes are only counted: the stream keeps none of them.
  stream.send = (part: Uint8Array) => {
    total += part.length;
    most = Math.max(most, total - counted);
  };
  stream.say(0);
  for (let rounds = 0; total < data.length + 32; rounds++) {
    await new Promise((resolve) => setImmediate(resolve)); // all that may leave has left
    if (rounds === 0) assert.equal(total, 64 * kib);
    assert.ok(total > counted, "nothing comes any more");
    counted = Math.min(total, data.length);
    if (total < data.length + 32) stream.say(counted);
  }
  assert.ok(most > fileWindow / 2 && most <= fileWindow + 32, `${most} bytes`);
  assert.equal(total, data.length + 32);
  stream.close();
  assert.equal(await end, "sent");
});

test("a count that cannot be right ends the stream", async () => {
  const size = 200 * kib;
  const begins: (number | bigint)[] = [1, size, size + 1, 2n ** 63n, 2n ** 64n - 1n]; // nothing was sent before
  for (const begin of begins) {
    const { stream, end } = senderOf(bytes(size)).open();
    stream.say(begin);
    assert.equal(await end, "unheard", String(begin));
    assert.equal(stream.readyState, 3);
    assert.equal(stream.data.length, 0);
  }
  for (const wrong of [999, 200 * kib, size + 1, 2n ** 64n - 1n]) {
    const { sender, open } = senderOf(bytes(size));
    const { stream, end } = open();
    stream.say(0);
    await until(() => stream.data.length >= 16 * kib);
    stream.say(1000);
    stream.say(wrong, 2000); // what follows it does not count
    assert.equal(await end, "early", String(wrong));
    assert.equal(stream.readyState, 3);
    assert.equal(sender.counted, 1000);
  }
});

test("counts may arrive in parts", async () => {
  const data = bytes(3000);
  const { open } = senderOf(data);
  const { stream, end } = open();
  const whole = stream.say.bind(stream);
  stream.say = (...counts) => {
    const parts: ArrayBuffer[] = [];
    const { onmessage } = stream;
    stream.onmessage = ({ data: all }) => {
      for (const b of new Uint8Array(all)) parts.push(Uint8Array.of(b).buffer);
    };
    whole(...counts);
    stream.onmessage = onmessage;
    for (const part of parts) onmessage?.({ data: part });
  };
  assert.equal((await takeAll(stream, end, 3000)).sum, sumOf(data));
});

test("a stream that ends early is told apart from one that the agent never heard of", async () => {
  const { open, sender } = senderOf(bytes(200 * kib));
  const first = open();
  first.stream.close();
  assert.equal(await first.end, "unheard");
  const second = open();
  second.stream.say(0);
  second.stream.close();
  assert.equal(await second.end, "early");
  const third = open();
  third.stream.say(0);
  await until(() => third.stream.data.length === 64 * kib);
  sender.close(); // by the advisor
  assert.equal(await third.end, "early");
  const closed = new FakeStream();
  closed.readyState = 3; // closed before anybody listened
  assert.equal(await sender.send(closed.channel), "unheard");
});

test("a file that cannot be read any more ends its stream", async () => {
  const shorter = { size: 100, slice: () => new Blob([new Uint8Array(99)]) };
  const gone = { size: 100, slice: () => ({ arrayBuffer: () => Promise.reject(new DOMException("", "NotReadableError")) }) };
  for (const file of [shorter, gone]) {
    const stream = new FakeStream();
    const end = new FileSender(id, file as unknown as Blob, () => {}).send(stream.channel);
    stream.say(0);
    assert.equal(await end, "unreadable");
    assert.equal(stream.readyState, 3);
    assert.equal(stream.data.length, 0);
  }
});

/** A window that is always full, over a line with a delay of its own. */
function windowRig() {
  const clock = { now: 0 };
  const window = new FileWindow(0, () => clock.now);
  let sent = 0;
  /** Sends a whole window, which is counted slice by slice after `delay`. */
  const round = (delay: number) => {
    const ends: number[] = [];
    for (let rest = window.size; rest >= window.slice; rest -= window.slice) {
      window.sent((sent += window.slice));
      ends.push(sent);
    }
    clock.now += delay;
    for (const end of ends) window.counted(end);
  };
  return { window, round };
}

test("the window grows by an eighth in each round while counts come quickly, and no further than allowed", () => {
  const { window, round } = windowRig();
  assert.equal(window.size, 64 * kib);
  round(100);
  assert.equal(window.size, 72 * kib);
  const before = window.size;
  round(110); // not much later than the quickest
  assert.ok(window.size > before * 1.1 && window.size <= before * 1.125, `${window.size}`);
  for (let i = 0; i < 100; i++) round(100);
  assert.equal(window.size, fileWindow);
  assert.equal(window.slice, 64 * kib);
});

test("the window becomes smaller when counts come late, once in a round, and not below its least", () => {
  const { window, round } = windowRig();
  round(100);
  const before = window.size;
  round(160);
  assert.equal(window.size, before * 0.7);
  round(1000);
  assert.ok(Math.abs(window.size - before * 0.49) < 1);
  for (let i = 0; i < 20; i++) round(1000);
  assert.equal(window.size, 16 * kib);
  assert.equal(window.slice, 4 * kib);
  round(100);
  assert.ok(window.size > 16 * kib);
});

test("a count in the middle of a slice tells nothing about the delay", () => {
  const clock = { now: 0 };
  const window = new FileWindow(1000, () => clock.now);
  window.sent(2000);
  clock.now = 5000;
  window.counted(1500);
  assert.equal(window.size, 64 * kib);
});

/** The files of a session, with the agent and its streams played by the test. */
function rig(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const clock = { now: 0 };
  const streams: FakeStream[] = [];
  const events: FileEvent[] = [];
  const state = { fails: 0, changes: 0 };
  const open = () => {
    if (state.fails-- > 0) return Promise.reject(new Error("no stream"));
    const stream = new FakeStream();
    streams.push(stream);
    return Promise.resolve(stream.channel);
  };
  const changed = () => void state.changes++;
  const files = new Files(
    open,
    (e) => events.push(e),
    changed,
    () => clock.now,
  );
  const control = () => {
    const said: string[] = [];
    return {
      said,
      offerFile: (file: string, name: string, size: number) => said.push(`offer ${file} ${name} ${size}`),
      cancelFile: (file: string) => said.push("cancel " + file),
    };
  };
  const offer = (...all: { name?: string; size?: number; folder?: boolean }[]): OfferedFile[] => {
    const before = new Set<unknown>(files.all);
    files.offer(
      all.map(({ name = "a.txt", size = 5, folder = false }) => ({
        file: size > 2 ** 30 ? ({ name, size } as Blob & { name: string }) : fileOf(bytes(size), name).file,
        folder,
      })),
    );
    return files.all.filter((f): f is OfferedFile => !f.given && !before.has(f));
  };
  const say = (f: { readonly id: string }, what: Partial<ReportedFile>) =>
    files.take({ id: f.id, state: "waiting", why: "cancelled", sha256: "", ...what });
  const tick = (milliseconds: number) => t.mock.timers.tick(milliseconds);
  return { files, offer, say, control, streams, events, state, tick, clock };
}

test("an offer goes to the agent when there is one, and again on each new control stream with the same id", (t) => {
  const { files, offer, say, control, tick } = rig(t);
  const [a, b, c] = offer({ name: "a" }, { name: "b" }, { name: "c" });
  assert.match(a!.id, /^[A-Za-z0-9_-]{22}$/);
  assert.notEqual(a!.id, b!.id);
  const first = control();
  files.connect(first);
  for (let i = 0; i < 3; i++) tick(offerEvery);
  const all = [a!, b!, c!].map((f) => `offer ${f.id} ${f.name} 5`);
  assert.deepEqual(first.said, all);
  files.connect(first); // its hello comes once more, with the customer's name
  tick(offerEvery);
  assert.deepEqual(first.said, all);
  say(a!, { state: "ended", why: "refused" });
  say(b!, { state: "accepted" });
  files.disconnect();
  const second = control();
  files.connect(second);
  for (let i = 0; i < 3; i++) tick(offerEvery);
  assert.deepEqual(second.said, all.slice(1));
});

test("offers leave one after the other, ten in a second", (t) => {
  const { files, offer, control, tick } = rig(t);
  const agent = control();
  files.connect(agent);
  offer(...Array.from({ length: maxFiles }, (_, i) => ({ name: "file " + i })));
  assert.equal(agent.said.length, 1);
  for (let i = 1; i <= 10; i++) tick(offerEvery);
  assert.equal(agent.said.length, 11);
  assert.equal(10 * offerEvery, 1000);
  files.disconnect();
  tick(10 * offerEvery);
  assert.equal(agent.said.length, 11);
});

test("folders, and what is too large or too many, are refused by the page", (t) => {
  const { files, offer } = rig(t);
  const ok = offer(
    { name: "folder", folder: true },
    { name: "huge", size: maxFileSize + 1 },
    { name: "\u0007 " },
    { name: "ok" },
  );
  assert.deepEqual(
    ok.map((f) => f.name),
    ["ok"],
  );
  assert.deepEqual(files.refused, [
    { why: "folder", name: "folder" },
    { why: "size", name: "huge" },
    { why: "name", name: "\u0007 " },
  ]);
  assert.equal(offer(...Array.from({ length: maxFiles + 2 }, () => ({}))).length, maxFiles - 1);
  assert.deepEqual(files.refused, [{ why: "many", count: 3 }]);
  files.cancel(ok[0]!);
  assert.equal(offer({ size: maxFileSize }).length, 1);
  assert.deepEqual(files.refused, []);
});

test("the list keeps the latest files, and all that have not ended", (t) => {
  const { files, offer } = rig(t);
  const [stays] = offer({ name: "stays" });
  for (let i = 0; i < 60; i++) for (const f of offer({ name: "file " + i })) files.cancel(f);
  assert.equal(files.all.length, 2 * maxFiles);
  assert.equal(files.all[0], stays);
  assert.equal(files.all.at(-1)?.name, "file 59");
});

test("a long name keeps its ending", (t) => {
  const { offer } = rig(t);
  const [long, plain, exact, foxes] = offer(
    { name: "n".repeat(296) + ".pdf" },
    { name: "n".repeat(300) },
    { name: "n".repeat(maxFileName) },
    { name: "🦊".repeat(300) + ".tar" },
  );
  assert.equal(long!.name, "n".repeat(maxFileName - 4) + ".pdf");
  assert.equal(plain!.name, "n".repeat(maxFileName));
  assert.equal(exact!.name, "n".repeat(maxFileName));
  assert.equal([...foxes!.name].length, maxFileName);
  assert.ok(foxes!.name.endsWith("🦊.tar"));
});

test("a file is accepted, sent, paused, sent on and done", async (t) => {
  const { files, offer, say, control, streams, events } = rig(t);
  files.connect(control());
  const [f] = offer({ name: "a.txt", size: 100_000 });
  const data = bytes(100_000);
  say(f!, { state: "waiting" });
  assert.equal(f!.state, "waiting");
  say(f!, { state: "accepted" });
  say(f!, { state: "accepted" });
  assert.ok(!files.moving);
  say(f!, { state: "wanted" });
  assert.ok(files.moving);
  await until(() => streams.length === 1);
  assert.equal(streams[0]!.header, `{"file":"${f!.id}"}\n`);
  streams[0]!.say(0);
  await until(() => streams[0]!.data.length === 64 * kib);
  streams[0]!.say(40_000);
  say(f!, { state: "accepted" }); // paused
  assert.equal(streams[0]!.readyState, 3);
  assert.deepEqual([f!.state, f!.begun, f!.counted, files.moving], ["accepted", true, 40_000, false]);
  say(f!, { state: "wanted" });
  await until(() => streams.length === 2);
  const got = await takeAll(streams[1]!, Promise.resolve("sent"), 100_000, 40_000);
  await until(() => streams[1]!.readyState === 3);
  assert.equal(Buffer.from(streams[1]!.data.slice(60_000)).toString("hex"), sumOf(data));
  assert.ok(got);
  assert.equal(f!.sha256, "");
  say(f!, { state: "done", sha256: sumOf(data) });
  assert.deepEqual([f!.state, f!.sha256, files.moving], ["done", sumOf(data), false]);
  say(f!, { state: "wanted" }); // nothing can become of it any more
  say(f!, { state: "ended" });
  assert.equal(f!.state, "done");
  assert.deepEqual(
    events.map((e) => e.file),
    ["accepted", "sending", "paused", "sending", "done"],
  );
  assert.equal(streams.length, 2);
});

test("an agent that says done for something else reports a damaged file", async (t) => {
  const { offer, say, streams } = rig(t);
  const [early, other] = offer({ size: 10 }, { size: 10 });
  say(early!, { state: "done", sha256: sumOf(bytes(10)) }); // nothing was sent
  assert.deepEqual([early!.state, early!.why], ["ended", "damaged"]);
  say(other!, { state: "wanted" });
  await until(() => streams.length === 1);
  await takeAll(streams[0]!, Promise.resolve("sent"), 10);
  await until(() => streams[0]!.readyState === 3);
  say(other!, { state: "done", sha256: sumOf(bytes(9)) });
  assert.deepEqual([other!.state, other!.why, other!.sha256], ["ended", "damaged", ""]);
});

test("a stream that ended is opened again when the agent asks, and by itself only if it never heard of it", async (t) => {
  const { offer, say, streams, state, tick } = rig(t);
  const [f] = offer({ size: 200_000 });
  state.fails = 1;
  say(f!, { state: "wanted" });
  await until(() => state.fails === 0);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(streams.length, 0);
  tick(1000); // it tries again
  await until(() => streams.length === 1);
  streams[0]!.say(0);
  await until(() => streams[0]!.data.length === 64 * kib);
  streams[0]!.say(1000);
  streams[0]!.close();
  await until(() => !f!.bringing);
  tick(60_000);
  assert.equal(streams.length, 1); // nothing by itself
  say(f!, { state: "wanted" });
  await until(() => streams.length === 2);
  streams[1]!.say(1000);
  await until(() => streams[1]!.data.length > 0);
  streams[1]!.say(2000);
  say(f!, { state: "wanted" }); // may arrive before the end of the stream does
  say(f!, { state: "wanted" });
  assert.equal(streams.length, 2);
  streams[1]!.close();
  await until(() => streams.length === 3);
  say(f!, { state: "ended", why: "cancelled" });
  assert.equal(streams[2]!.readyState, 3);
  await until(() => !f!.bringing);
  tick(60_000);
  assert.equal(streams.length, 3);
});

test("cancelling tells the agent, unless it never got the offer", async (t) => {
  const { files, offer, say, control, streams, events, tick } = rig(t);
  const agent = control();
  files.connect(agent);
  const [a, b] = offer({ name: "a" }, { name: "b" });
  files.cancel(b!); // still in the queue
  say(a!, { state: "wanted" });
  await until(() => streams.length === 1);
  files.cancel(a!);
  assert.equal(streams[0]!.readyState, 3);
  for (let i = 0; i < 4; i++) tick(offerEvery);
  assert.deepEqual(agent.said, [`offer ${a!.id} a 5`, "cancel " + a!.id]);
  files.cancel(a!);
  say(a!, { state: "accepted" });
  assert.deepEqual([a!.state, a!.why], ["ended", "withdrawn"]);
  assert.deepEqual(
    events.map((e) => [e.file, e.name]),
    [
      ["withdrawn", "b"],
      ["accepted", "a"],
      ["sending", "a"],
      ["withdrawn", "a"],
    ],
  );
});

test("a stream that opens when its file is not wanted any more is closed unused", async (t) => {
  const { files, offer, say, streams } = rig(t);
  const [f] = offer({});
  say(f!, { state: "wanted" });
  files.cancel(f!); // before the stream is open
  await until(() => streams.length === 1 && streams[0]!.readyState === 3);
  await until(() => !f!.bringing);
  assert.equal(streams[0]!.header, "");
});

test("a file that cannot be read any more is withdrawn, and says why", async (t) => {
  const { files, say, control, streams, tick } = rig(t);
  const agent = control();
  files.connect(agent);
  const file = { name: "gone", size: 9, slice: () => ({ arrayBuffer: () => Promise.reject(new Error("gone")) }) };
  files.offer([{ file: file as unknown as Blob & { name: string }, folder: false }]);
  const f = files.all[0]!;
  say(f, { state: "wanted" });
  await until(() => streams.length === 1);
  streams[0]!.say(0);
  await until(() => !f.live);
  tick(offerEvery);
  assert.equal(f.why, "unreadable");
  assert.deepEqual(agent.said, [`offer ${f.id} gone 9`, "cancel " + f.id]);
  assert.equal(streams[0]!.readyState, 3);
});

test("the end of the session ends everything, and a dead line the streams", async (t) => {
  const { files, offer, say, control, streams, tick } = rig(t);
  const agent = control();
  files.connect(agent);
  const [a, b] = offer({ name: "a" }, { name: "b" });
  tick(offerEvery);
  say(a!, { state: "wanted" });
  await until(() => streams.length === 1);
  files.drop();
  assert.equal(streams[0]!.readyState, 3);
  assert.equal(a!.state, "sending");
  files.stop();
  assert.deepEqual([a!.why, b!.why], ["over", "over"]);
  tick(60_000);
  assert.equal(agent.said.length, 2);
});

test("the rate and the time left come from the counts of the last seconds", async (t) => {
  const { offer, say, streams, clock, state } = rig(t);
  const [f] = offer({ size: 400_000 });
  say(f!, { state: "wanted" });
  await until(() => streams.length === 1);
  streams[0]!.say(0);
  await until(() => streams[0]!.data.length === 64 * kib);
  assert.deepEqual([f!.rate, f!.secondsLeft], [null, null]);
  clock.now = 2000;
  const before = state.changes;
  streams[0]!.say(20_000);
  streams[0]!.say(30_000); // in the same moment: the page is drawn once
  assert.equal(state.changes, before + 1);
  assert.deepEqual([f!.rate, f!.secondsLeft], [15_000, 25]);
  clock.now = 2500;
  streams[0]!.say(40_000);
  assert.equal(f!.rate, 16_000);
  clock.now = 5000; // what is older does not count
  assert.equal(f!.rate, (1000 * (40_000 - 20_000)) / 3000);
  clock.now = 9000; // nothing came since
  assert.equal(f!.rate, null);
  clock.now = 9500;
  streams[0]!.say(50_000);
  assert.equal(f!.rate, null); // one count tells nothing
  say(f!, { state: "ended" });
  assert.equal(f!.rate, null);
});

test("what the agent says about a file is checked", () => {
  const good = { id, state: "done", sha256: "ab".repeat(32) };
  assert.deepEqual(readFileState(good), { ...good, why: "cancelled" });
  assert.deepEqual(readFileState({ id, state: "ended", why: "moon", sha256: "AB" }), {
    id,
    state: "ended",
    why: "cancelled",
    sha256: "",
  });
  for (const bad of [{ id: "short" }, { id: "!".repeat(22) }, { id: 5 }, { state: "sent" }, { state: null }])
    assert.equal(readFileState({ ...good, ...bad }), null, JSON.stringify(bad));
});

test("states of unknown files change nothing", (t) => {
  const { files, offer, events } = rig(t);
  const [f] = offer({});
  files.take({ id, state: "wanted", why: "cancelled", sha256: "" });
  assert.deepEqual([f!.state, events], ["waiting", []]);
});

test("sizes are said as the customer's program says them", () => {
  // The table of i18n/size_test.go, and numbers in the middle between two.
  const table: [number, string][] = [
    [-1, "0 bytes"],
    [0, "0 bytes"],
    [999, "999 bytes"],
    [1000, "1.0 KB"],
    [9949, "9.9 KB"],
    [9950, "10 KB"],
    [99_999, "100 KB"],
    [999_499, "999 KB"],
    [999_500, "1.0 MB"],
    [2_345_678, "2.3 MB"],
    [2 * 2 ** 30, "2.1 GB"],
    [2 ** 50, "1126 TB"],
    [1250, "1.3 KB"],
    [1750, "1.8 KB"],
    [10_500, "11 KB"],
    [11_500, "12 KB"],
  ];
  for (const [n, want] of table) assert.equal(sizeText(n, commonTexts.en), want, String(n));
  assert.equal(sizeText(2_345_678, commonTexts.de), "2,3 MB");
  assert.equal(sizeText(2_345_678, commonTexts.fr), "2,3 Mo");
});

test("a long name is shown with its begin and its end", () => {
  assert.equal(shortName("report.pdf", 20), "report.pdf");
  assert.equal(shortName("a".repeat(30) + ".tar.gz", 20), "aaaaaaa…aaaaa.tar.gz");
  assert.equal([...shortName("🦊".repeat(30), 20)].length, 20);
});
