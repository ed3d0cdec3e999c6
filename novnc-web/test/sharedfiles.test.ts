// The customer's page as the agent of files, with a hostile advisor.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { cleanName, kindOf } from "../src/common/filename.ts";
import type { FileTarget } from "../src/common/filetarget.ts";
import { beginning, next, type Consent, type ConsentEvent } from "../src/customer/sharing/consent.ts";
import { readLimits } from "../src/customer/sharing/filelist.ts";
import { SharedFiles } from "../src/customer/sharing/files.ts";
import { fileClaim, fileNothing, maxFiles, maxFileSize, type FromAgent } from "../src/protocol_gen.ts";
import type { SealedChannel } from "../src/seal/index.ts";

const idOf = (n: number) => String(n).padStart(22, "A");

function bytes(size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 255);
}

const sumOf = (data: Uint8Array) => new Uint8Array(createHash("sha256").update(data).digest());
const hexOf = (data: Uint8Array) => Buffer.from(sumOf(data)).toString("hex");

/** Waits until everything that needs no time has happened. */
const settle = async () => {
  for (let i = 0; i < 8; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** The page's end of a file stream. The test plays the advisor's end. */
class FakeStream {
  readyState = 1;
  onmessage: ((e: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((e: unknown) => void) | null = null;
  /** What the page has sent. */
  data: number[] = [];

  get channel(): SealedChannel {
    return this as unknown as SealedChannel;
  }

  send(part: ArrayBuffer | Uint8Array): void {
    if (this.readyState === 1) this.data.push(...new Uint8Array(part as ArrayBuffer));
  }

  close(): void {
    if (this.readyState !== 1) return;
    this.readyState = 3;
    queueMicrotask(() => this.onclose?.({}));
  }

  bring(data: Uint8Array | string): void {
    const part = typeof data === "string" ? new TextEncoder().encode(data) : data;
    if (this.readyState === 1) this.onmessage?.({ data: part.slice().buffer as ArrayBuffer });
  }

  begin(id: string): void {
    this.bring(`{"file":"${id}"}\n`);
  }

  count(n: number): void {
    const out = new DataView(new ArrayBuffer(8));
    out.setBigUint64(0, BigInt(n));
    this.bring(new Uint8Array(out.buffer));
  }

  /** The counts that the page has sent. */
  get counts(): number[] {
    const view = new DataView(Uint8Array.from(this.data).buffer);
    return Array.from({ length: this.data.length / 8 }, (_, i) => Number(view.getBigUint64(8 * i)));
  }
}

/** What files are saved to. */
class FakeTarget implements FileTarget {
  data: number[] = [];
  end: "" | "finished" | "aborted" = "";
  room = Infinity;

  write(part: Uint8Array): Promise<void> {
    assert.equal(this.end, "");
    if (this.data.length + part.length > this.room) return Promise.reject(new Error("full"));
    for (const b of part) this.data.push(b);
    return Promise.resolve();
  }

  finish(): Promise<void> {
    assert.equal(this.end, "");
    this.end = "finished";
    return Promise.resolve();
  }

  abort(): Promise<void> {
    this.end ||= "aborted";
    return Promise.resolve();
  }
}

/** An advisor's end, and what it was told of files. */
class Peer {
  told: FromAgent[] = [];
  send(message: FromAgent): void {
    this.told.push(message);
  }
  /** The reports of a file: its state and why. */
  of(id: string): string[] {
    return this.told.flatMap((m) => (m.type === "fileState" && m.id === id ? [m.why ? `${m.state} ${m.why}` : m.state] : []));
  }
}

function session({ large = true } = {}) {
  let consent: Consent = { ...beginning, phase: "joined", silenced: new Set(["point"]) };
  let ending = false;
  const peer = new Peer();
  const notes: string[] = [];
  const targets: FakeTarget[] = [];
  const s = {
    peer,
    notes,
    targets,
    room: Infinity,
    get consent() {
      return consent;
    },
    apply(e: ConsentEvent) {
      const { state, changes } = next(consent, e);
      consent = state;
      for (const change of changes) s.files.decided(change);
      s.files.advance();
    },
    answer(kind: "allow" | "refuse" | "timeout") {
      assert.equal(consent.question, "files");
      s.apply({ kind, serial: consent.serial });
    },
    end() {
      ending = true;
      s.apply({ kind: "end" });
      s.files.over();
    },
    stream(): FakeStream {
      const stream = new FakeStream();
      s.files.serve(stream.channel);
      return stream;
    },
    files: null as unknown as SharedFiles,
  };
  s.files = new SharedFiles(
    {
      consent: () => consent,
      ending: () => ending,
      apply: (e) => s.apply(e),
      report: (m) => peer.send(m),
      note: (e) => notes.push([e.event, e.file?.name, e.file?.to, e.file?.why].filter(Boolean).join(" ")),
      changed: () => {},
    },
    () => {
      const target = new FakeTarget();
      target.room = s.room;
      targets.push(target);
      return Promise.resolve(target);
    },
    Promise.resolve(large),
  );
  return s;
}

function blob(data: Uint8Array<ArrayBuffer>, name: string) {
  return { file: Object.assign(new Blob([data]), { name }), folder: false };
}

test("names and kinds are those of the program", () => {
  const names = JSON.parse(readFileSync("../filename/testdata/names.json", "utf8")) as Record<string, string>[];
  assert.ok(names.length > 40);
  for (const { offered, name, kind } of names) {
    assert.equal(cleanName(offered!), name, JSON.stringify(offered));
    assert.equal(kindOf(name!), kind, name);
  }
});

test("a file of the advisor is asked for, received after the yes, and goes on after a lost line", async () => {
  const data = bytes(300_000);
  for (const cut of [0, 1, 100_000, data.length - 1, data.length, data.length + 31]) {
    const s = session();
    const all = new Uint8Array([...data, ...sumOf(data)]);
    s.files.offered(idOf(1), "a/../report.pdf", data.length, s.peer);
    assert.equal(s.files.question?.name, "report.pdf");
    const early = s.stream();
    early.begin(idOf(1));
    assert.equal(early.readyState, 3, "a stream before the yes");
    s.answer("allow");
    await settle();
    const first = s.stream();
    first.begin(idOf(1));
    assert.deepEqual(first.counts, [0]);
    first.bring(all.slice(0, cut));
    await settle();
    s.apply({ kind: "lose" });
    assert.equal(first.readyState, 3);
    await settle();
    s.files.gone(s.peer);
    s.files.gone(null);
    s.apply({ kind: "rejoin" });
    const back = new Peer();
    s.files.offered(idOf(1), "report.pdf", data.length, back);
    assert.deepEqual(back.of(idOf(1)), ["wanted"]);
    const second = s.stream();
    second.begin(idOf(1));
    const [begin = -1] = second.counts;
    assert.equal(begin, Math.min(cut, data.length - 1), `cut after ${cut}`);
    second.bring(all.slice(begin));
    await settle();
    assert.equal(second.counts.at(-1), data.length);
    assert.deepEqual(s.peer.of(idOf(1)), ["waiting", "accepted", "wanted", "accepted"]);
    assert.deepEqual(back.of(idOf(1)), ["wanted", "done"]);
    assert.ok(back.told.some((m) => m.type === "fileState" && m.sha256 === hexOf(data)));
    assert.deepEqual(Buffer.from(s.targets[0]!.data), Buffer.from(data));
    assert.deepEqual([s.targets.length, s.targets[0]!.end], [1, "finished"]);
    assert.deepEqual(s.notes, ["fileAccepted report.pdf customer", "fileSaved report.pdf customer"]);
    s.files.over();
  }
});

test("a file with a wrong hash, too many bytes or a wrong header is not saved", async () => {
  const data = bytes(1000);
  const hostile: [what: string, play: (stream: FakeStream) => void, state: string][] = [
    ["wrong hash", (st) => (st.begin(idOf(1)), st.bring(data), st.bring(new Uint8Array(32))), "ended damaged"],
    ["too many", (st) => (st.begin(idOf(1)), st.bring(data), st.bring(new Uint8Array(33))), "wanted"],
    ["bytes before the count", (st) => st.bring(`{"file":"${idOf(1)}"}\nx`), "wanted"],
    ["another file", (st) => st.begin(idOf(2)), "wanted"],
    ["no header", (st) => st.bring(new Uint8Array(300)), "wanted"],
    ["a long header", (st) => st.bring(`{"file":"${idOf(1)}"${" ".repeat(250)}}\n`), "wanted"],
    ["nonsense", (st) => st.bring("[1]\n"), "wanted"],
  ];
  for (const [what, play, state] of hostile) {
    const s = session();
    s.files.offered(idOf(1), "a.txt", data.length, s.peer);
    s.answer("allow");
    await settle();
    const stream = s.stream();
    play(stream);
    await settle();
    assert.equal(stream.readyState, 3, what);
    assert.equal(s.peer.of(idOf(1)).at(-1), state, what);
    assert.equal(s.targets[0]!.end, state === "wanted" ? "" : "aborted", what);
    s.end();
    await settle();
    assert.equal(s.targets[0]!.end, "aborted", what);
    assert.equal(s.notes.at(-1)?.startsWith("fileNotSaved a.txt customer"), true);
  }
});

test("a silent stream is closed, so that another one can bring the file", async (t: TestContext) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const s = session();
  s.files.offered(idOf(1), "a.txt", 3, s.peer);
  s.answer("allow");
  await settle();
  const mute = s.stream();
  const silent = s.stream();
  silent.begin(idOf(1));
  const second = s.stream();
  second.begin(idOf(1));
  assert.equal(second.readyState, 3, "two streams of one file");
  t.mock.timers.tick(fileNothing);
  await settle();
  assert.deepEqual([mute.readyState, silent.readyState], [3, 3]);
  const third = s.stream();
  third.begin(idOf(1));
  assert.deepEqual(third.counts, [0]);
  s.end();
});

test("a pause and the end stop a file at once, in both directions", async () => {
  const data = bytes(100_000);
  for (const given of [false, true])
    for (const stop of ["pause", "stop", "end", "cancel"] as const) {
      const s = session();
      let id = idOf(1);
      if (given) {
        s.files.give([blob(data, "a.txt")]);
        id = s.files.shown()[0]!.id;
      } else {
        s.files.offered(id, "a.txt", data.length, s.peer);
        s.answer("allow");
        await settle();
      }
      const stream = s.stream();
      stream.begin(id);
      if (given) stream.count(0);
      else stream.bring(data.slice(0, 10_000));
      await settle();
      const before = stream.data.length;
      if (stop === "pause") s.apply({ kind: "pause" });
      else if (stop === "stop") s.files.stopFile(id);
      else if (stop === "end") s.end();
      else s.files.withdrawn(id, s.peer);
      assert.equal(stream.readyState, 3, `${stop}, given: ${given}`);
      const written = s.targets[0]?.data.length;
      if (!given) stream.bring(data.slice(10_000));
      await settle();
      assert.deepEqual([stream.data.length, s.targets[0]?.data.length], [before, written]);
      const late = s.stream();
      late.begin(id);
      await settle();
      assert.equal(late.readyState, 3);
      if (!given && stop !== "pause") assert.equal(s.targets[0]!.end, "aborted");
      if (stop !== "pause") continue;
      s.apply({ kind: "resume" });
      const again = s.stream();
      again.begin(id);
      if (given) again.count(0);
      await settle();
      assert.equal(again.readyState, 1);
      s.end();
    }
});

test("offers are bounded, and ask one after the other", async () => {
  const s = session();
  for (let n = 0; n < 3 * maxFiles; n++) s.files.offered(idOf(n), `${n}.txt`, n, s.peer);
  assert.equal(s.files.shown().length, maxFiles);
  assert.deepEqual(s.peer.of(idOf(maxFiles)), ["ended many"]);
  assert.equal(s.files.question?.name, "0.txt");
  for (const [id, name, size, why] of [
    ["", "a.txt", 1, "name"],
    ["../../../etc/passwd...", "a.txt", 1, "name"],
    [idOf(900), "..", 1, "name"],
    [idOf(901), "a.txt", -1, "size"],
    [idOf(902), "a.txt", 1.5, "size"],
    [idOf(903), "a.txt", "1", "size"],
    [idOf(904), "a.txt", maxFileSize + 1, "size"],
    [idOf(1), "other.txt", 1, "name"],
  ] as const) {
    const other = new Peer();
    s.files.offered(id, name, size, other);
    assert.deepEqual(other.of(id), ["ended " + why], `${id} ${name} ${String(size)}`);
  }
  s.answer("refuse");
  assert.deepEqual(s.peer.of(idOf(0)), ["waiting", "ended refused"]);
  assert.equal(s.consent.question, null, "the next question waits after a no");
  s.apply({ kind: "ready", right: "files" });
  assert.equal(s.files.question?.name, "1.txt");
  s.files.withdrawn(idOf(1), new Peer()); // not its sender
  assert.equal(s.files.question?.name, "1.txt");
  s.files.withdrawn(idOf(1), s.peer);
  assert.equal(s.files.question?.name, "2.txt");
  s.answer("timeout");
  s.apply({ kind: "silence", right: "files" });
  assert.ok(s.files.shown().every((f) => f.state === "ended"));
  assert.equal(s.files.question, null);
  s.files.offered(idOf(500), "late.txt", 1, s.peer);
  assert.deepEqual(s.peer.of(idOf(500)), ["ended refused"]);
  // Only those for which the customer was asked are in the record.
  assert.deepEqual(s.notes, ["fileNotSaved 0.txt customer refused", "fileNotSaved 2.txt customer silence"]);
  await settle();
  assert.deepEqual(s.targets, []);
});

test("an offer waits a minute for its sender", async (t: TestContext) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const s = session();
  s.files.offered(idOf(1), "a.txt", 1, s.peer);
  s.files.gone(s.peer);
  assert.equal(s.consent.question, null, "a question whose file nobody offers");
  t.mock.timers.tick(fileClaim - 1);
  const back = new Peer();
  s.files.offered(idOf(1), "a.txt", 1, back);
  assert.equal(s.consent.question, "files");
  t.mock.timers.tick(fileClaim);
  assert.equal(s.files.shown()[0]!.state, "waiting");
  s.files.gone(back);
  t.mock.timers.tick(fileClaim);
  assert.deepEqual([s.files.shown()[0]!.state, s.files.shown()[0]!.why], ["ended", "lost"]);
  await settle();
});

test("what this browser cannot save ends with words for both", async () => {
  const small = session({ large: false });
  await settle();
  small.files.offered(idOf(1), "a.txt", 100_000_001, small.peer);
  assert.deepEqual(small.peer.of(idOf(1)), ["ended size"]);
  const full = session();
  full.room = 1000;
  full.files.offered(idOf(1), "a.txt", 5000, full.peer);
  full.answer("allow");
  await settle();
  const stream = full.stream();
  stream.begin(idOf(1));
  stream.bring(bytes(5000));
  await settle();
  assert.equal(full.peer.of(idOf(1)).at(-1), "ended unwritable");
  assert.deepEqual([full.files.shown()[0]!.why, full.targets[0]!.end], ["unwritable", "aborted"]);
});

test("the operator's limits hold in both directions", () => {
  for (const [limits, name, size, allowed] of [
    [null, "a.exe", 9, true],
    [{}, "a.exe", 9, true],
    [{ off: true }, "a.txt", 1, false],
    [{ maxBytes: 8 }, "a.txt", 8, true],
    [{ maxBytes: 8 }, "a.txt", 9, false],
    [{ kinds: ["document", "text"] }, "a.pdf", 1, true],
    [{ kinds: ["document", "text"] }, "a.txt.exe", 1, false],
  ] as const) {
    const s = session();
    s.files.limit(readLimits(limits));
    s.files.offered(idOf(1), name, size, s.peer);
    s.files.give([blob(bytes(size), name)]);
    const why = allowed ? [] : [{ why: "operator", name }];
    assert.deepEqual(s.files.refused, why);
    assert.deepEqual(s.peer.of(idOf(1)), allowed ? ["waiting"] : ["ended operator"]);
  }
});

test("a file of the customer is offered to all, and given over several streams", async () => {
  const data = bytes(200_000);
  const s = session();
  s.files.give([blob(data, "Übersicht.pdf"), { file: Object.assign(new Blob([]), { name: "folder" }), folder: true }]);
  assert.deepEqual(s.files.refused, [{ why: "folder", name: "folder" }]);
  const [offer] = s.peer.told;
  assert.ok(offer?.type === "file" && offer.name === "Übersicht.pdf" && offer.size === data.length);
  const late = new Peer();
  s.files.greet(late);
  assert.deepEqual(late.told, [offer]);
  const first = s.stream();
  first.bring(`{"file":"${offer.id}"}\n`);
  first.count(0);
  await settle();
  const second = s.stream();
  second.begin(offer.id);
  assert.equal(second.readyState, 3, "two streams of one file");
  first.count(30_000);
  await settle();
  assert.equal(s.files.shown()[0]!.taken, 30_000);
  first.count(20_000); // goes back
  await settle();
  assert.equal(first.readyState, 3);
  assert.equal(s.files.shown()[0]!.state, "accepted");
  const third = s.stream();
  // The header and the first count may come together.
  const head = new TextEncoder().encode(`{"file":"${offer.id}"}\n`);
  third.bring(new Uint8Array([...head, 0, 0, 0, 0, 0, 0, 0x75, 0x30]));
  for (let taken = 30_000; taken < data.length + 32 - 0;) {
    await settle();
    taken = 30_000 + third.data.length;
    third.count(Math.min(taken, data.length - 1));
  }
  assert.equal(s.files.shown()[0]!.state, "saving", "the last byte is not counted yet");
  third.count(data.length);
  await settle();
  assert.deepEqual(Buffer.from(third.data), Buffer.concat([data.slice(30_000), sumOf(data)]));
  assert.deepEqual(s.peer.of(offer.id), ["done"]);
  assert.equal(s.files.shown()[0]!.sha256, hexOf(data));
  assert.deepEqual(s.notes, ["fileAccepted Übersicht.pdf advisor", "fileSaved Übersicht.pdf advisor"]);
  s.files.greet(late);
  assert.equal(late.told.length, 1);
});

test("a count before anything was sent, or of more than was sent, closes the stream", async () => {
  for (const wrong of [1, 2 ** 40]) {
    const s = session();
    s.files.give([blob(bytes(1000), "a.txt")]);
    const stream = s.stream();
    stream.begin(s.files.shown()[0]!.id);
    stream.count(wrong);
    await settle();
    assert.deepEqual([stream.readyState, stream.data.length], [3, 0]);
    assert.equal(s.files.shown()[0]!.state, "accepted");
  }
});

test("an empty file, one that cannot be read, and one that nobody wants", async () => {
  const s = session();
  s.files.give([blob(bytes(0), "empty.txt"), blob(bytes(9), "gone.txt"), blob(bytes(9), "no.txt")]);
  const [empty, gone, no] = s.files.shown().map((f) => f.id);
  const first = s.stream();
  first.begin(empty!);
  first.count(0);
  await settle();
  assert.equal(s.files.shown()[0]!.state, "saving");
  first.count(0);
  await settle();
  assert.equal(s.files.shown()[0]!.state, "done");
  s.files.withdrawn(no!, s.peer);
  assert.deepEqual(s.peer.of(no!), ["ended refused"]);
  const unread = session();
  unread.files.give([
    { file: { name: "b", size: 5, slice: () => ({ arrayBuffer: () => Promise.reject(new Error()) }) } as never, folder: false },
  ]);
  const id = unread.files.shown()[0]!.id;
  const stream = unread.stream();
  stream.begin(id);
  stream.count(0);
  await settle();
  assert.deepEqual([unread.peer.of(id), unread.files.isUnreadable(id)], [["ended lost"], true]);
  assert.ok(gone);
  unread.end();
  assert.equal(unread.peer.of(id).length, 1);
});

test("nobody gives or is offered a file before and after the session", () => {
  const s = session();
  s.end();
  s.files.give([blob(bytes(1), "a.txt")]);
  s.files.offered(idOf(1), "a.txt", 1, s.peer);
  assert.deepEqual(s.files.refused, [{ why: "nobody", name: "a.txt" }]);
  assert.deepEqual(s.peer.of(idOf(1)), ["ended nobody"]);
});
