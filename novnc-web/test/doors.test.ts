// Numbers for viewers that cannot seal, when the customer's page is the agent and the gateway
// is hostile.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BrowserAgent } from "../src/customer/sharing/agent.ts";
import { DoorNumbers } from "../src/customer/sharing/doors.ts";
import { doorNumberLife, numberedDoors } from "../src/protocol_gen.ts";
import { SealedChannel, type Kind, type SealFailure } from "../src/seal/index.ts";
import { advise, call, enter, FakeSocket, id, joined, number, playGateway, socket } from "./evilgateway.ts";
import { until } from "./rfbviewer.ts";

const letters = [..."BCDEFGHIJKLMNOPQRSTUVWXYZ"];

/**
 * Calls the page to a stream under a door's name and seals it with a number. Returns "served",
 * "closed", or the reason of the failure.
 */
async function open(kind: Kind, door: string, digits: string, served: () => number): Promise<"served" | "closed" | SealFailure> {
  const [n, before] = [FakeSocket.all.length, served()];
  const stream = id(letters[n % letters.length]!);
  socket(0).tell({ type: "call", stream, kind, door });
  const channel = await advise(n, digits, kind, stream);
  if (!(channel instanceof SealedChannel)) return channel;
  await until(() => channel.readyState !== 1 || served() > before);
  return served() > before ? "served" : "closed";
}

for (const door of numberedDoors)
  test(`a number for ${door} is good for one view by that door and for nothing else`, async () => {
    const r = await enter();
    const served = () => r.streams.length;
    assert.equal(await open("view", door, number, served), "burnt", "before a wish");
    const digits = r.link.doors.issue(door);
    assert.match(digits, /^4821\d{5}$/);
    assert.notEqual(digits, number);
    for (const other of [...numberedDoors, "", "Page", "entering "])
      if (other !== door) assert.equal(await open("view", other, digits, served), "burnt", other);
    for (const kind of ["control", "show"] as const) assert.equal(await open(kind, door, digits, served), "burnt", kind);
    assert.equal(await open("view", door, number, served), "wrong-number", "the session's number");
    assert.equal(await open("view", door, digits, served), "served");
    assert.equal(r.streams.at(-1)?.call.door, door);
    assert.equal(await open("view", door, digits, served), "burnt", "a second viewer");
    assert.equal(await open("view", "page", number, served), "served");
    r.link.stop();
  });

for (const sealed of ["page", "helper"])
  test(`a door's number does not open a stream called ${sealed}: that is a wrong try at the session's`, async () => {
    const r = await enter();
    const digits = r.link.doors.issue("vnc");
    assert.equal(await open("view", sealed, digits, () => r.streams.length), "wrong-number");
    await until(() => r.told.includes("over burnt"));
    assert.deepEqual(r.told.slice(2), ["burnt", "over burnt"]);
    assert.equal(r.socket(0).said.at(-1), '{"type":"end","reason":"customer"}');
  });

test("three wrong tries burn a door's number, not the session", async () => {
  const r = await enter();
  const served = () => r.streams.length;
  const digits = r.link.doors.issue("vnc");
  for (let i = 0; i < 3; i++) assert.equal(await open("view", "vnc", number, served), "wrong-number");
  assert.deepEqual(r.told.slice(2), ["burnt vnc"]);
  assert.equal(await open("view", "vnc", digits, served), "burnt");
  assert.equal(await open("view", "page", number, served), "served");
  assert.equal(await open("view", "vnc", r.link.doors.issue("vnc"), served), "served");
  r.link.stop();
});

test("of streams that seal with one number at the same time one is served", async () => {
  const r = await enter();
  const digits = r.link.doors.issue("vnc");
  const streams = ["B", "C", "D", "E"];
  for (const s of streams) r.socket(0).tell(call(s, "view", "vnc"));
  const ends = await Promise.all(streams.map((s, i) => advise(2 + i, digits, "view", id(s))));
  const channels = ends.filter((e) => e instanceof SealedChannel);
  await until(() => channels.filter((c) => c.readyState === 1).length <= 1);
  assert.equal(r.streams.filter((s) => s.call.door === "vnc").length, 1);
  r.link.stop();
});

test("a number waits five minutes, a newer one replaces it, and those that are out differ", () => {
  let now = 1000;
  const drawn = [number, "482100001", "482100002", "482100002", "482100003"];
  const doors = new DoorNumbers(
    number,
    () => now,
    () => drawn.shift()!,
  );
  assert.equal(doors.issue("vnc"), "482100001"); // skips the session's own number
  const old = doors.find("vnc")!;
  now += doorNumberLife - 1;
  assert.equal(doors.find("vnc"), old);
  assert.equal(doors.issue("vnc"), "482100002");
  assert.equal(doors.spend("vnc", old), false);
  assert.equal(doors.issue("repeater"), "482100003");
  now += doorNumberLife;
  assert.equal(doors.find("vnc"), null);
  assert.equal(doors.find("page"), null);
});

test("a door's number is told to the end that asked, and to all when it is burnt", async () => {
  playGateway();
  Object.defineProperty(globalThis, "navigator", { value: { userAgent: "node" }, configurable: true }); // older versions of Node have no navigator
  const agent = new BrowserAgent(
    "en",
    () => {},
    () => {},
  );
  agent.enter(number);
  await until(() => socket(0)?.said.length === 1);
  /** Collects the messages about doors that an advisor's end receives. */
  const listen = (channel: SealedChannel | SealFailure) => {
    assert.ok(channel instanceof SealedChannel);
    const heard: Record<string, unknown>[] = [];
    channel.onmessage = ({ data }) => {
      for (const line of new TextDecoder().decode(data).trim().split("\n")) {
        const m = JSON.parse(line) as Record<string, unknown>;
        if (m["type"] === "door") heard.push(m);
      }
    };
    return { channel, heard };
  };
  socket(0).tell(call("A", "control", "entering"));
  const first = listen(await advise(1, number, "control", id("A")));
  socket(0).tell(joined);
  await until(() => agent.busy);
  socket(0).tell(call("B", "control", "helper"));
  const second = listen(await advise(2, number, "control", id("B")));
  first.channel.send(new TextEncoder().encode('{"type":"door","door":"repeater"}\n'));
  await until(() => first.heard.length === 1);
  const { door, seconds, number: digits } = first.heard[0]!;
  assert.deepEqual([door, seconds], ["repeater", 300]);
  assert.match(String(digits), /^4821\d{5}$/);
  for (const s of ["C", "D", "E"]) {
    socket(0).tell(call(s, "view", "repeater"));
    assert.equal(await advise(FakeSocket.all.length, number, "view", id(s)), "wrong-number");
  }
  await until(() => second.heard.length === 1);
  for (const end of [first, second])
    assert.deepEqual(end.heard.at(-1), { type: "door", door: "repeater", number: "", gone: "burnt" });
  assert.ok(agent.busy, "the session goes on");
  agent.leave();
});
