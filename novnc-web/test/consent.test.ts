import assert from "node:assert/strict";
import { test } from "node:test";
import { allRights, beginning, effective, next, type Consent, type ConsentEvent } from "../src/customer/sharing/consent.ts";

function run(...events: ConsentEvent[]): Consent {
  return events.reduce((s, e) => next(s, e).state, beginning);
}

const join = { kind: "join" } as const;
const ask = (right: "view" | "show") => ({ kind: "ask", right }) as const;
const allow = (serial: number) => ({ kind: "allow", serial }) as const;

test("a right comes from the answer to the open question, and from nothing else", () => {
  const asked = run(join, ask("view"));
  assert.equal(asked.question, "view");
  assert.deepEqual([...asked.given], []);
  assert.deepEqual([...next(asked, allow(asked.serial + 1)).state.given], []);
  assert.deepEqual([...next(asked, allow(asked.serial)).state.given], ["view"]);
  assert.deepEqual([...run(ask("view"), allow(1)).given], []); // nobody is there
  assert.deepEqual([...run(join, allow(0)).given], []);
});

test("view and show are never given at once", () => {
  const viewing = run(join, ask("view"), allow(1));
  const { state, changes } = next(next(viewing, ask("show")).state, allow(2));
  assert.deepEqual([...state.given], ["show"]);
  assert.deepEqual(changes, [
    { right: "view", outcome: "taken" },
    { right: "show", outcome: "given" },
  ]);
});

test("one question at a time; the other is put when it is answered", () => {
  const both = run(join, ask("show"), ask("view"));
  assert.equal(both.question, "show");
  const after = next(both, { kind: "refuse", serial: 1 }).state;
  assert.equal(after.question, "view");
  assert.equal(after.serial, 2);
});

test("silence refuses, and an old answer says nothing", () => {
  const silent = run(join, ask("view"), { kind: "timeout", serial: 1 });
  assert.equal(silent.question, null);
  assert.deepEqual([...next(silent, allow(1)).state.given], []);
});

test("pause hides at once, asks nothing, and goes on", () => {
  const viewing = run(join, ask("view"), allow(1));
  const paused = run(join, ask("view"), allow(1), ask("show"), { kind: "pause" });
  assert.equal(paused.question, null);
  assert.deepEqual(effective(paused), { view: false, show: false });
  assert.equal(next(paused, ask("show")).state, paused);
  assert.deepEqual(effective(next(paused, { kind: "resume" }).state), effective(viewing));
});

test("a lost line keeps the view for its return and nothing else", () => {
  const away = run(join, ask("view"), allow(1), ask("show"), { kind: "lose" });
  assert.deepEqual(effective(away), { view: false, show: false });
  assert.equal(away.question, null);
  assert.deepEqual(effective(next(away, { kind: "rejoin" }).state), { view: true, show: false });
  assert.deepEqual([...run(join, ask("show"), allow(1), { kind: "lose" }, { kind: "rejoin" }).given], []);
  assert.deepEqual([...next(away, { kind: "take", right: "view" }).state.given], []);
});

test("what does not fit changes nothing", () => {
  const states = [beginning, run(join), run(join, ask("view")), run(join, { kind: "end" })];
  for (const s of states) {
    for (const e of [allow(77), { kind: "refuse", serial: 77 }, { kind: "rejoin" }] as ConsentEvent[])
      assert.equal(next(s, e).state, s);
  }
});

test("random events: no right without its yes, no state that contradicts itself", () => {
  let seed = 7;
  const random = (n: number) => (seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff) % n;
  for (let round = 0; round < 400; round++) {
    let s = beginning;
    for (let i = 0; i < 60; i++) {
      const right = allRights[random(2)]!;
      const serial = s.serial + random(3) - 1;
      const events: ConsentEvent[] = [
        join,
        { kind: "lose" },
        { kind: "rejoin" },
        ask(right),
        ask(right),
        { kind: "allow", serial },
        { kind: "refuse", serial },
        { kind: "timeout", serial },
        { kind: "take", right },
        { kind: "return", right },
        { kind: "withdraw", right },
        { kind: "pause" },
        { kind: "resume" },
        ...(random(20) === 0 ? [{ kind: "end" } as const] : []),
      ];
      const e = events[random(events.length)]!;
      const { state, changes } = next(s, e);
      for (const r of allRights) {
        if (!state.given.has(r) || s.given.has(r)) continue;
        assert.ok(e.kind === "allow" && e.serial === s.serial && s.question === r && s.phase === "joined");
      }
      assert.ok(!(state.given.has("view") && state.given.has("show")));
      assert.equal(state.question !== null && !state.asked.has(state.question), false);
      assert.ok(state.question === null || (state.phase === "joined" && !state.paused));
      assert.ok(state.serial >= s.serial && state.serial <= s.serial + 1);
      if (state.phase === "over") assert.equal(state.given.size + state.asked.size, 0);
      if (s.phase === "over") assert.equal(state, s);
      if (changes.length > 0) assert.notEqual(state, s);
      s = state;
    }
  }
});
