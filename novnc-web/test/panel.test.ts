// What the customer's panel makes of snapshots. Its pages are tested by scripts/pages.mjs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { History } from "../src/panel/history.ts";
import { advisorIn, shareIn } from "../src/panel/names.ts";
import { readSnapshot, type Snapshot } from "../src/panel/snapshot.ts";
import { commonTexts } from "../src/texts_gen/common.ts";
import { panelTexts } from "../src/texts_gen/panel.ts";

const snapshot = (fields: object): Snapshot => readSnapshot(JSON.stringify({ type: "state", seq: 1, lang: "en", ...fields }))!;

test("what happened is told by the differences between snapshots", () => {
  const history = new History(panelTexts.en);
  const view = { view: true, control: false, clipboard: false, show: false };
  let last: Snapshot | null = null;
  for (const s of [
    { phase: "joined" }, // the page may have been opened in the middle of a session
    { phase: "joined", rights: view },
    { phase: "joined", rights: view }, // nothing new
    { phase: "joined", rights: { ...view, control: true } },
    { phase: "joined", rights: view, paused: true },
    { phase: "away", rights: view, paused: true },
    { phase: "joined", rights: view },
  ].map(snapshot)) {
    history.update(last, s);
    last = s;
  }
  assert.deepEqual(
    history.entries.map((e) => e.words),
    [
      "Allowed: seeing your screen",
      "Allowed: controlling your computer",
      "Paused.",
      "Ended: controlling your computer",
      "Connection lost.",
      "Connected again.",
      "Resumed.",
    ],
  );
});

test("what happened is bounded", () => {
  const history = new History(panelTexts.en);
  for (let i = 0; i < 100; i++)
    history.update(snapshot({ phase: "joined", paused: i % 2 === 0 }), snapshot({ phase: "joined", paused: i % 2 === 1 }));
  assert.equal(history.entries.length, 20);
});

test("a long name does not push the rest of a sentence out of its place", () => {
  const name = "CONTROLS NOTHING ".repeat(5);
  const s = snapshot({ phase: "joined", advisor: { name: "x", display: name, company: "" } });
  assert.equal([...advisorIn(s, commonTexts.en)].length, 32);
  const apps = { kind: "apps" as const, monitor: 0, apps: ["a"], names: ["🦊".repeat(50)] };
  assert.equal([...shareIn(apps)[1]].length, 32);
  assert.equal(advisorIn(snapshot({ phase: "joined" }), commonTexts.en), "Your advisor");
});
