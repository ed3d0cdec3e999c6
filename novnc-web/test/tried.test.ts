// Wrong numbers: what is stored about them, and how the customer's page uses it.

import { FakeStorage, local } from "./fakedom.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { TriedNumbers } from "../src/common/tried.ts";
import { BrowserAgent } from "../src/customer/sharing/agent.ts";
import type { Snapshot } from "../src/panel/snapshot.ts";
import { advise, call, FakeSocket, id, number, playGateway, socket } from "./evilgateway.ts";
import { until } from "./rfbviewer.ts";

test("a count is kept for its time, and nothing when there is none", () => {
  const storage = new FakeStorage();
  let now = 1000;
  const open = () => new TriedNumbers("tried", 500, storage, () => now);
  assert.equal(open().of(number).used(), 0);
  assert.equal(storage.size, 0);
  open().of(number).keep(2);
  open().of("482193058").keep(1);
  assert.equal(open().of(number).used(), 2);
  assert.equal(open().of("482193059").used(), 0);
  now += 499;
  open().of("482193058").keep(0);
  assert.equal(open().of(number).used(), 2);
  now += 1;
  assert.equal(open().of(number).used(), 0);
  open().of("482193058").keep(1);
  open().of("482193058").keep(0);
  assert.equal(storage.size, 0);
});

test("what is kept does not tell the number, and nonsense in its place counts nothing", () => {
  const storage = new FakeStorage();
  new TriedNumbers("tried", 500, storage).of(number).keep(1);
  const kept = storage.getItem("tried")!;
  assert.ok(!kept.includes(number) && !kept.includes(number.slice(4)));
  for (const bad of [
    "",
    "{}",
    "[]",
    '{"salt":1}',
    '{"salt":"zz"}',
    '{"salt":"00","entries":3}',
    kept.replace('"used":1', '"used":"many"'),
  ]) {
    storage.setItem("tried", bad);
    assert.equal(new TriedNumbers("tried", 500, storage).of(number).used(), 0, bad);
  }
  // This browser stores nothing.
  const none = new TriedNumbers("tried", 500, null).of(number);
  none.keep(1);
  assert.equal(none.used(), 0);
});

/** Opens the customer's page again. */
function page() {
  playGateway();
  let last: Snapshot | undefined;
  const agent = new BrowserAgent(
    "en",
    (s) => (last = s),
    () => {},
  );
  return { agent, error: () => (last?.phase === "number" ? last.error?.code : undefined) };
}

test("a number that did not match is not tried again, neither by a page that is opened again", async () => {
  local.clear();
  const first = page();
  first.agent.enter(number);
  await until(() => socket(0)?.said.length === 1);
  socket(0).tell(call("A", "control", "entering"));
  assert.equal(await advise(1, "482100000", "control", id("A")), "wrong-number");
  socket(0).tell({ type: "refused", code: "number" });
  await until(() => first.error() === "number");
  for (const { agent, error } of [first, page(), page()]) {
    const before = FakeSocket.all.length;
    agent.enter(number);
    await until(() => error() === "number");
    assert.equal(FakeSocket.all.length, before);
  }
  const other = page();
  other.agent.enter("482193058");
  await until(() => socket(0)?.said.length === 1);
  other.agent.leave();
});
