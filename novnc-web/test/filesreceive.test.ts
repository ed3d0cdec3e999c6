// Files from the customer to the advisor: the streams that bring them, and the list.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test, type TestContext } from "node:test";
import { FileReceiver } from "../src/common/filereceiver.ts";
import { Files, offerEvery, type FileEvent, type ReportedFile } from "../src/advisor/files.ts";
import { TooLarge, type FileTarget } from "../src/common/filetarget.ts";
import { readOffer, type GivenFile } from "../src/advisor/givenfile.ts";
import { fileWindow, maxFileName, maxFiles, maxFileSize } from "../src/protocol_gen.ts";
import type { SealedChannel } from "../src/seal/index.ts";

const idOf = (n: number) => String(n).padStart(22, "A");

function bytes(size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 255);
}

const sumOf = (data: Uint8Array) => new Uint8Array(createHash("sha256").update(data).digest());
const hexOf = (data: Uint8Array) => Buffer.from(sumOf(data)).toString("hex");
const withSum = (data: Uint8Array, from = 0) => new Uint8Array([...data.slice(from), ...sumOf(data)]);

/** Waits until everything that needs no time has happened. The tests hold the timers back. */
const settle = async () => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** The page's end of a file stream. The test plays the agent. */
class FakeStream {
  readyState = 1;
  onmessage: ((e: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((e: unknown) => void) | null = null;
  header = "";
  counts: number[] = [];
  /** Called with each count. */
  counted: (n: number) => void = () => {};

  get channel(): SealedChannel {
    return this as unknown as SealedChannel;
  }

  send(part: ArrayBuffer | Uint8Array): void {
    if (this.readyState !== 1) return;
    if (this.header === "") {
      this.header = new TextDecoder().decode(part);
      return;
    }
    assert.equal(part.byteLength, 8);
    const n = Number(new DataView(part as ArrayBuffer).getBigUint64(0));
    this.counts.push(n);
    this.counted(n);
  }

  close(): void {
    if (this.readyState !== 1) return;
    this.readyState = 3;
    queueMicrotask(() => this.onclose?.({}));
  }

  bring(data: Uint8Array): void {
    this.onmessage?.({ data: data.slice().buffer as ArrayBuffer });
  }
}

/** What a file is saved to. With `holds`, a write finishes when the test says so. */
class FakeTarget implements FileTarget {
  data: number[] = [];
  finished = 0;
  aborted = 0;
  holds = false;
  /** The size from which on nothing can be written. */
  room = Infinity;
  finishFails = false;
  release: () => void = () => {};

  async write(part: Uint8Array): Promise<void> {
    assert.equal(this.finished + this.aborted, 0);
    if (this.holds) await new Promise<void>((resolve) => (this.release = resolve));
    if (this.data.length + part.length > this.room) throw new DOMException("", "QuotaExceededError");
    for (const b of part) this.data.push(b);
  }

  finish(): Promise<void> {
    this.finished++;
    return this.finishFails ? Promise.reject(new Error("full")) : Promise.resolve();
  }

  abort(): Promise<void> {
    this.aborted++;
    return Promise.resolve();
  }
}

function receiverOf(size: number) {
  const target = new FakeTarget();
  const receiver = new FileReceiver(idOf(0), size, target, () => {});
  const open = () => {
    const stream = new FakeStream();
    // The last byte is counted when the file is complete, and no other before it is written.
    stream.counted = (n) => {
      assert.ok(n <= target.data.length, `${n} counted, ${target.data.length} written`);
      if (n === size && size > 0) assert.equal(target.finished, 1);
    };
    return { stream, end: receiver.receive(stream.channel) };
  };
  return { target, receiver, open };
}

test("a whole file is written, and its last byte is counted when the hash is right", async () => {
  for (const size of [0, 1, 2, 31, 32, 33, 5000]) {
    for (const piece of [1, 7, 1000, 10_000]) {
      const data = bytes(size);
      const { target, receiver, open } = receiverOf(size);
      const { stream, end } = open();
      assert.equal(stream.header, `{"file":"${idOf(0)}"}\n`);
      assert.deepEqual(stream.counts, [0]);
      const all = withSum(data);
      for (let at = 0; at < all.length; at += piece) {
        stream.bring(all.slice(at, at + piece));
        if (at % 64 === 0) await settle();
      }
      assert.equal(await end, "saved", `${size} bytes by ${piece}`);
      assert.deepEqual(Buffer.from(target.data), Buffer.from(data));
      assert.equal(stream.counts.at(-1), size);
      assert.ok(stream.counts.length > 1);
      assert.deepEqual(
        stream.counts,
        stream.counts.toSorted((a, b) => a - b),
      );
      assert.deepEqual([target.finished, target.aborted, receiver.sum], [1, 0, hexOf(data)]);
      assert.equal(stream.readyState, 3);
    }
  }
});

test("a file goes on after a broken stream at any byte, also within its hash", async () => {
  const size = 60;
  const data = bytes(size);
  for (let broken = 0; broken < size + 32; broken++) {
    const { target, open } = receiverOf(size);
    const first = open();
    first.stream.bring(withSum(data).slice(0, broken));
    await settle();
    first.stream.close();
    assert.equal(await first.end, "early");
    const second = open();
    const begin = Math.min(broken, size - 1);
    assert.deepEqual(second.stream.counts, [begin]);
    second.stream.bring(withSum(data, begin));
    assert.equal(await second.end, "saved", `broken after ${broken}`);
    assert.deepEqual(Buffer.from(target.data), Buffer.from(data));
    assert.equal(second.stream.counts.at(-1), size);
  }
});

test("a wrong hash means a damaged file, which is neither finished nor counted", async () => {
  for (const size of [0, 1, 100]) {
    const { target, receiver, open } = receiverOf(size);
    const { stream, end } = open();
    const all = withSum(bytes(size));
    all[all.length - 1]! ^= 1;
    stream.bring(all);
    assert.equal(await end, "damaged");
    assert.deepEqual([target.finished, receiver.sum, stream.readyState], [0, "", 3]);
    assert.ok(stream.counts.every((n) => n <= Math.max(0, size - 1)));
  }
});

test("bytes beyond the end, and more than a window that is not counted, end the stream", async () => {
  const small = receiverOf(100).open();
  small.stream.bring(new Uint8Array(100 + 33));
  assert.equal(await small.end, "early");
  assert.equal(small.stream.readyState, 3);

  const { target, open } = receiverOf(2 * fileWindow);
  target.holds = true;
  const { stream, end } = open();
  for (let i = 0; i < 16; i++) stream.bring(new Uint8Array(fileWindow / 16));
  await settle();
  assert.equal(stream.readyState, 1); // all of that is allowed
  assert.deepEqual(stream.counts, [0]); // and nothing is written yet
  stream.bring(new Uint8Array(34));
  assert.equal(stream.readyState, 3);
  target.release();
  assert.equal(await end, "early");
});

test("nothing is counted before it is written, and a stream ends only when nothing is being written", async () => {
  const data = bytes(100);
  const { target, receiver, open } = receiverOf(100);
  target.holds = true;
  const { stream, end } = open();
  stream.bring(data.slice(0, 40));
  await settle();
  stream.bring(data.slice(40, 50));
  await settle();
  assert.deepEqual([stream.counts, receiver.written], [[0], 0]);
  target.release();
  await settle();
  assert.deepEqual([stream.counts, receiver.written], [[0, 40], 40]);
  let ended = false;
  void end.then(() => (ended = true));
  stream.close();
  await settle();
  assert.ok(!ended);
  target.release();
  await settle();
  assert.ok(ended);
  assert.equal(receiver.written, 50);
  target.holds = false;
  const again = open();
  again.stream.bring(withSum(data, 50));
  assert.equal(await again.end, "saved");
  assert.deepEqual(Buffer.from(target.data), Buffer.from(data));
});

test("a file that cannot be written, or not be completed, is not counted", async () => {
  for (const full of [true, false]) {
    const { target, receiver, open } = receiverOf(100);
    if (full) target.room = 50;
    else target.finishFails = true;
    const { stream, end } = open();
    stream.bring(withSum(bytes(100)));
    assert.equal(await end, "unwritable");
    assert.deepEqual([stream.counts.includes(100), receiver.sum], [false, ""]);
  }
});

/** The files of a session. The test plays the agent, its streams and the places to save. */
function rig(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const streams: FakeStream[] = [];
  const events: FileEvent[] = [];
  const targets: FakeTarget[] = [];
  const said: string[] = [];
  const state = { chosen: (): Promise<FileTarget | null> => Promise.resolve(null) };
  const target = () => {
    targets.push(new FakeTarget());
    return targets.at(-1)!;
  };
  state.chosen = () => Promise.resolve(target());
  const files = new Files(
    () => {
      streams.push(new FakeStream());
      return Promise.resolve(streams.at(-1)!.channel);
    },
    (e) => events.push(e),
    () => {},
    () => 0,
    () => state.chosen(),
  );
  const control = {
    offerFile: () => assert.fail("nothing is offered"),
    cancelFile: (id: string) => said.push(id),
  };
  files.connect(control);
  const give = (n: number, size = 100, name = `file ${n}.txt`): GivenFile => {
    files.give(readOffer({ id: idOf(n), name, size })!);
    const f = files.all.find((o) => o.id === idOf(n));
    assert.ok(f?.given);
    return f;
  };
  const say = (f: GivenFile, what: Partial<ReportedFile>) =>
    files.take({ id: f.id, state: "waiting", why: "cancelled", sha256: "", ...what });
  const tick = (milliseconds: number) => t.mock.timers.tick(milliseconds);
  return { files, give, say, streams, events, targets, said, state, target, tick };
}

test("a file is given, saved over two streams, and done", async (t) => {
  const { files, give, say, streams, events, targets, said, tick } = rig(t);
  const data = bytes(100);
  const f = give(1);
  files.give({ id: f.id, name: "again", size: 5 }); // the agent says it to each new control stream
  assert.deepEqual([files.all.length, f.state, f.name, files.unseen, files.moving], [1, "offered", "file 1.txt", 1, false]);
  files.see();
  assert.equal(files.unseen, 0);
  await files.save(f);
  await settle();
  assert.deepEqual([f.state, files.moving, streams.length, f.connected], ["receiving", true, 1, true]);
  streams[0]!.bring(data.slice(0, 33));
  await settle();
  assert.equal(f.counted, 33);
  streams[0]!.close();
  await settle();
  assert.deepEqual([streams.length, f.connected], [1, false]); // not at once
  tick(10_000);
  await settle();
  assert.deepEqual([streams.length, streams[1]!.counts], [2, [33]]);
  streams[1]!.bring(withSum(data, 33));
  await settle();
  assert.deepEqual([f.state, f.sha256, files.moving], ["done", hexOf(data), false]);
  say(f, { state: "done", sha256: hexOf(data) });
  say(f, { state: "ended" });
  files.stop();
  assert.equal(f.state, "done");
  assert.deepEqual([targets[0]!.finished, targets[0]!.aborted, said], [1, 0, []]);
  assert.deepEqual(
    events.map((e) => e.file),
    ["given", "receiving", "saved"],
  );
});

test("a file that is not wanted, or is cancelled, is withdrawn at the agent, and nothing of it remains", async (t) => {
  const { files, give, streams, targets, said, tick } = rig(t);
  const [a, b, c] = [give(1), give(2), give(3)];
  files.cancel(a);
  assert.deepEqual([a.state, a.why, said], ["ended", "refused", [a.id]]);
  await files.save(b);
  await files.save(c);
  await settle();
  files.cancel(b);
  files.cancel(b);
  assert.equal(streams[0]!.readyState, 3);
  streams[1]!.close();
  await settle();
  files.cancel(c); // while it waits for the next stream
  await settle();
  for (let i = 0; i < 3; i++) tick(offerEvery);
  assert.deepEqual([b.why, c.why, said], ["withdrawn", "withdrawn", [a.id, b.id, c.id]]);
  assert.deepEqual(
    targets.map((o) => [o.finished, o.aborted]),
    [
      [0, 1],
      [0, 1],
    ],
  );
  tick(60_000);
  await settle();
  assert.equal(streams.length, 2);
});

test("a damaged file and a full disk end the file here and at the agent", async (t) => {
  const { files, give, streams, events, targets, said, tick } = rig(t);
  const [a, b] = [give(1), give(2)];
  await files.save(a);
  await files.save(b);
  await settle();
  const wrong = withSum(bytes(100));
  wrong[0]! ^= 1;
  streams[0]!.bring(wrong);
  targets[1]!.room = 10;
  streams[1]!.bring(withSum(bytes(100)));
  await settle();
  tick(offerEvery);
  assert.deepEqual([a.why, b.why, said.toSorted()], ["damaged", "unwritable", [a.id, b.id]]);
  assert.deepEqual([targets[0]!.aborted, targets[1]!.aborted, files.moving], [1, 1, false]);
  assert.deepEqual(
    events
      .flatMap((e) => (e.file === "notSaved" ? [e.why] : []))
      .toSorted()
      .reverse(),
    ["unwritable", "damaged"],
  );
});

test("the customer, another program of the advisor, and the session end a file", async (t) => {
  const { files, give, say, streams, targets, said, tick } = rig(t);
  const [a, b, c, d] = [give(1), give(2), give(3), give(4)];
  await files.save(a);
  await settle();
  say(a, { state: "ended", why: "cancelled" });
  say(b, { state: "ended", why: "refused" });
  say(c, { state: "done", sha256: hexOf(bytes(100)) });
  files.stop();
  await settle();
  tick(60_000);
  assert.deepEqual([a.why, b.why, c.why, d.why], ["cancelled", "refused", "elsewhere", "over"]);
  assert.deepEqual([streams[0]!.readyState, targets[0]!.aborted, said], [3, 1, []]);
  // The page takes the session back.
  const again = give(4);
  assert.deepEqual([again.state, files.all.filter((f) => f.id === d.id).length], ["offered", 1]);
  give(1);
  assert.equal(
    files.all.find((f) => f.id === a.id),
    a,
  );
});

test("what the advisor chooses too late, or not at all, receives nothing", async (t) => {
  const { files, give, say, streams, state, target } = rig(t);
  const f = give(1);
  state.chosen = () => Promise.resolve(null); // the dialog was closed
  await files.save(f);
  assert.deepEqual([f.state, f.choosing, files.refused], ["offered", false, []]);
  state.chosen = () => Promise.reject(new TooLarge("x"));
  await files.save(f);
  assert.deepEqual([f.state, files.refused], ["offered", [{ why: "memory", name: f.name }]]);
  state.chosen = () => Promise.reject(new Error("no"));
  await files.save(f);
  assert.deepEqual(files.refused, [{ why: "place", name: f.name }]);
  let choose = (_: FileTarget) => {};
  let asked = 0;
  state.chosen = () => {
    asked++;
    return new Promise((resolve) => (choose = resolve));
  };
  const saving = files.save(f);
  await files.save(f); // one dialog is enough
  assert.equal(asked, 1);
  say(f, { state: "ended" });
  const late = target();
  choose(late);
  await saving;
  assert.deepEqual([late.aborted, streams.length, f.why], [1, 0, "cancelled"]);
});

test("at most so many files are accepted and listed", (t) => {
  const { files, give } = rig(t);
  for (let i = 0; i < maxFiles; i++) give(i);
  files.give(readOffer({ id: idOf(99), name: "more", size: 1 })!);
  assert.equal(files.all.length, maxFiles);
  files.cancel(files.all[3]!);
  give(99);
  for (let i = 100; i < 200; i++) {
    files.cancel(files.all.find((f) => f.live)!);
    give(i);
  }
  assert.equal(files.all.length, 2 * maxFiles);
  assert.equal(files.all.filter((f) => f.live).length, maxFiles);
});

test("hostile names become harmless ones, and offers that make no sense are ignored", () => {
  const nameOf = (name: unknown) => readOffer({ id: idOf(1), name: name as string, size: 1 })?.name;
  const table: [unknown, string][] = [
    ["report.pdf", "report.pdf"],
    ["../../etc/passwd", ".._.._etc_passwd"],
    ["C:\\a\\b.txt", "C__a_b.txt"],
    ["gpj\u202Eexe.txt", "gpjexe.txt"],
    ["a\u0000b\n\u200Bc\u2066.txt", "ab c.txt"],
    ["evil.exe. . ", "evil.exe"],
    ["", "_"],
    ["\u202E", "_"],
    ["..", "_"],
    [5, "_"],
    ["<img src=x>", "_img src=x_"],
    ["n".repeat(5000), "n".repeat(maxFileName)],
    ["n".repeat(300) + ".pdf", "n".repeat(maxFileName - 4) + ".pdf"],
  ];
  for (const [name, want] of table) assert.equal(nameOf(name), want, JSON.stringify(name));
  const good = { id: idOf(1), name: "a", size: maxFileSize };
  assert.deepEqual(readOffer(good), good);
  for (const bad of [
    { id: "short" },
    { id: 5 },
    { size: -1 },
    { size: 1.5 },
    { size: maxFileSize + 1 },
    { size: "1" },
    { size: NaN },
  ])
    assert.equal(readOffer({ ...good, ...bad } as typeof good), null, JSON.stringify(bad));
});

test("programs are marked by their ending", (t) => {
  const { give } = rig(t);
  const is = (["a.exe", "a.pdf.EXE", "exe", "a.sh", "a.shx", "photo.jpg"] as const).map((name, i) => give(i, 1, name).program);
  assert.deepEqual(is, [true, true, false, true, false, false]);
});
