import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  allRights,
  beginning,
  direction,
  effective,
  next,
  type Change,
  type Consent,
  type ConsentEvent,
  type ConsentRight,
} from "../src/customer/sharing/consent.ts";

type Step = [event: string, changes: string, state: string];

// The tests run with novnc-web as the current folder.
const tapes = JSON.parse(readFileSync("../consent/testdata/vectors.json", "utf8")) as Step[][];

const words = (set: ReadonlySet<ConsentRight>) => allRights.filter((r) => set.has(r)).join("+");

function parse(text: string): ConsentEvent {
  const [kind, what] = text.split(" ") as [ConsentEvent["kind"], string | undefined];
  if (kind === "allow" || kind === "refuse" || kind === "timeout") return { kind, serial: Number(what) };
  return (what ? { kind, right: what } : { kind }) as ConsentEvent;
}

const changesIn = (changes: Change[]) => changes.map(({ right, outcome }) => `${right} ${outcome}`).join(",");

function stateIn(s: Consent): string {
  const sets = {
    given: s.given,
    asked: s.asked,
    question: new Set(s.question ? [s.question] : []),
    delayed: s.delayed,
    silenced: s.silenced,
  };
  const parts = Object.entries({ ...sets, effective: effective(s) }).filter(([, set]) => set.size > 0);
  const named = parts.map(([name, set]) => ` ${name}=${words(set)}`).join("");
  return `${s.phase}${named}${s.paused ? " paused" : ""}${s.held ? " held" : ""} serial=${s.serial} direction=${direction(s)}`;
}

test("the vectors of the Go package", () => {
  assert.ok(tapes.length > 50);
  for (const [i, tape] of tapes.entries()) {
    let s = beginning;
    for (const [event, changes, after] of tape) {
      const got = next(s, parse(event));
      assert.equal(changesIn(got.changes), changes, `tape ${i}: ${event} on ${stateIn(s)}`);
      assert.equal(stateIn(got.state), after, `tape ${i}: ${event} on ${stateIn(s)}`);
      s = got.state;
    }
  }
});

test("what changes nothing is the same state", () => {
  const joined = next(beginning, { kind: "join" }).state;
  assert.equal(next(joined, { kind: "allow", serial: 7 }).state, joined);
  assert.equal(next(joined, { kind: "resume" }).state, joined);
});
