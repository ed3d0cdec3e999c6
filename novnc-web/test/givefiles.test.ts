// Files from the customer to the advisor: the sockets on which the panel gives them.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Picked } from "../src/common/drop.ts";
import { GiveFiles, maxAsked, maxSlice } from "../src/panel/givefiles.ts";
import { readSnapshot } from "../src/panel/snapshot.ts";
import { maxFiles, maxFileSize } from "../src/protocol_gen.ts";

/** The page's end of one socket. The test plays the agent. */
class FakeSocket {
  onmessage: ((e: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;
  sent: (string | ArrayBuffer)[] = [];

  send(message: string | ArrayBuffer): void {
    if (!this.closed) this.sent.push(message);
  }

  close(): void {
    this.closed = true;
  }

  say(message: unknown): void {
    this.onmessage?.({ data: typeof message === "object" ? JSON.stringify(message) : message });
  }
}

/** Waits until all that needs no time has happened. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

const data = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 48271) >> 4);
const picked = (size = data.length, name = "a.pdf", folder = false): Picked => ({
  file: Object.assign(new Blob([data.slice(0, size)]), { name }),
  folder,
});

function world() {
  const sockets: FakeSocket[] = [];
  const giving = new GiveFiles(() => {
    sockets.push(new FakeSocket());
    return Promise.resolve(sockets.at(-1) as unknown as WebSocket);
  });
  return { sockets, giving, whys: () => giving.refused.map((r) => r.why) };
}

async function given(file = picked()) {
  const w = world();
  w.giving.give([file]);
  await settle();
  const socket = w.sockets[0]!;
  socket.say({ id: "g1" });
  return { ...w, socket };
}

test("a file is announced, and each request is answered with exactly that part", async () => {
  const { socket, giving, whys } = await given();
  assert.deepEqual(socket.sent.splice(0), [JSON.stringify({ name: "a.pdf", size: data.length })]);
  const slices = [
    [0, maxSlice],
    [data.length - 1, 1],
    [70_000, 100],
    [0, maxSlice], // another stream begins again
    [data.length, 0],
  ] as const;
  for (const [at, length] of slices) socket.say({ at, length });
  while (socket.sent.length < slices.length) await settle();
  slices.forEach(([at, length], i) =>
    assert.deepEqual(new Uint8Array(socket.sent[i] as ArrayBuffer), data.slice(at, at + length), `${at} ${length}`),
  );
  socket.onclose?.();
  await settle();
  assert.deepEqual(whys(), []);
  assert.equal(giving.isUnreadable("g1"), false);
});

test("a request that makes no sense closes the socket and gets nothing", async () => {
  for (const wrong of [
    "",
    "{",
    "[]",
    "null",
    7,
    new ArrayBuffer(8),
    {},
    { at: 0 },
    { at: -1, length: 1 },
    { at: 0, length: -1 },
    { at: 0.5, length: 1 },
    { at: "0", length: 1 },
    { at: 0, length: maxSlice + 1 },
    { at: data.length, length: 1 },
    { at: data.length - 1, length: 2 },
    { at: 2 ** 53, length: 1 },
    { at: 0, length: null },
    { id: "g2" },
    { at: 0, length: 1, more: "x".repeat(1000) },
  ]) {
    const { socket } = await given();
    socket.onmessage?.({ data: wrong instanceof ArrayBuffer || typeof wrong !== "object" ? wrong : JSON.stringify(wrong) });
    socket.say({ at: 0, length: 1 });
    await settle();
    assert.equal(socket.closed, true, JSON.stringify(wrong));
    assert.equal(socket.sent.length, 1, JSON.stringify(wrong));
  }
  const { socket } = await given();
  for (let i = 0; i <= maxAsked; i++) socket.say({ at: 0, length: 1 });
  assert.equal(socket.closed, true);
});

test("what the agent does not take is told", async () => {
  for (const [answer, want] of [
    [{ why: "size" }, "size"],
    [{ why: "many" }, "many"],
    [{ why: "name" }, "name"],
    [{ why: "nobody" }, "nobody"],
    [{ why: "other" }, "lost"],
    [{ id: "../a" }, "lost"],
    [{ id: "" }, "lost"],
    [{ id: 7 }, "lost"],
    [{ at: 0, length: 1 }, "lost"],
    ["nothing", "lost"],
  ] as const) {
    const { sockets, giving, whys } = world();
    giving.give([picked()]);
    await settle();
    sockets[0]!.say(answer);
    await settle();
    assert.deepEqual(whys(), [want], JSON.stringify(answer));
    assert.equal(sockets[0]!.closed, true);
  }
  const { sockets, giving, whys } = world();
  giving.give([picked()]);
  await settle();
  sockets[0]!.onclose?.();
  await settle();
  assert.deepEqual(whys(), ["lost"]);
  const none = new GiveFiles(() => Promise.reject(new Error("closed")));
  none.give([picked()]);
  await settle();
  assert.deepEqual(
    none.refused.map((r) => r.why),
    ["lost"],
  );
});

test("folders, too many and too large files, and files without a name are refused here", async () => {
  const { sockets, giving, whys } = world();
  const large = { file: { name: "a", size: maxFileSize + 1 } as unknown as Picked["file"], folder: false };
  giving.give([picked(0, "folder", true), large, picked(1, "\u0000 "), ...Array.from({ length: maxFiles + 2 }, () => picked(1))]);
  await settle();
  assert.deepEqual(whys(), ["folder", "size", "name", "many", "many"]);
  assert.equal(sockets.length, maxFiles);
  sockets[0]!.onclose?.();
  await settle();
  giving.give([picked(1)]);
  await settle();
  assert.equal(sockets.length, maxFiles + 1);
  assert.deepEqual(whys(), []);
});

test("a file that cannot be read any more, or became shorter, closes the socket and is told", async () => {
  const slices = [
    { slice: () => ({ arrayBuffer: () => Promise.reject(new DOMException("", "NotReadableError")) }) },
    { slice: () => new Blob(["short"]) },
  ];
  for (const wrong of slices) {
    const file = { name: "a.pdf", size: 1000, ...wrong } as unknown as Picked["file"];
    const { socket, giving } = await given({ file, folder: false });
    socket.say({ at: 0, length: 10 });
    while (!socket.closed) await settle();
    await settle();
    assert.equal(socket.sent.length, 1);
    assert.equal(giving.isUnreadable("g1"), true);
  }
});

test("the sockets are closed at the end of the session, and when a file is done", async () => {
  const state = (fields: object) => readSnapshot(JSON.stringify({ type: "state", seq: 1, lang: "en", ...fields }))!;
  const file = { id: "g1", name: "a", size: 1, kind: "text", given: true, taken: 0 };
  for (const [fields, want] of [
    [{ phase: "joined" }, false],
    [{ phase: "away" }, false],
    [{ phase: "joined", files: [{ ...file, state: "saving" }] }, false],
    [{ phase: "joined", files: [{ ...file, state: "done" }] }, true],
    [{ phase: "joined", files: [{ ...file, state: "ended" }] }, true],
    [{ phase: "ended" }, true],
    [{ phase: "number" }, true],
  ] as const) {
    const { socket, giving, whys } = await given();
    giving.update(state(fields));
    assert.equal(socket.closed, want, JSON.stringify(fields));
    await settle();
    assert.deepEqual(whys(), []);
  }
  // Also one that opens only afterwards.
  const { sockets, giving } = world();
  giving.give([picked()]);
  giving.stop();
  await settle();
  assert.equal(sockets[0]!.closed, true);
  assert.deepEqual(sockets[0]!.sent, []);
});
