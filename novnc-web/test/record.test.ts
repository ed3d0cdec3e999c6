process.env.TZ = "UTC";

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { RecordLog } from "../src/record/log.ts";
import { recordText } from "../src/record/words.ts";
import { commonTexts } from "../src/texts_gen/common.ts";
import { languages } from "../src/texts_gen/languages.ts";
import { recordTexts } from "../src/texts_gen/record.ts";

const vectors = JSON.parse(readFileSync("../record/testdata/vectors.json", "utf8")) as {
  lines: string[];
  sha256: string;
  note: string;
  noteAt: string;
  text: Record<string, string>;
  json: string;
};

test("a record has the hash and the words of the Go programs", () => {
  const log = new RecordLog(() => new Date(vectors.noteAt));
  assert.ok(log.take(0, vectors.lines.slice(0, 5)));
  assert.equal(log.complete, false);
  assert.ok(log.take(3, vectors.lines.slice(3))); // lines may come again
  assert.ok(log.complete);
  assert.equal(log.sha256(), vectors.sha256);
  for (const l of languages)
    assert.equal(recordText(log, vectors.note, { record: recordTexts[l], common: commonTexts[l] }), vectors.text[l], l);
  const parsed = (json: string) =>
    json
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
  assert.deepEqual(parsed(log.json(vectors.note)), parsed(vectors.json));
  assert.ok(log.json("").startsWith(vectors.lines.join("\n")));
});

test("lines that do not belong to a record are not taken", () => {
  const good = '{"time":"2026-11-30T09:00:00Z","event":"paused"}';
  const log = new RecordLog();
  assert.ok(log.take(0, [good]));
  for (const [first, ...lines] of [
    [1, "paused"],
    [1, "[]"],
    [1, good, 7],
    [1, good + "\n"],
    [1, `{"event":"${"x".repeat(4096)}"}`],
    [1, ...Array<string>(2000).fill(good)],
    [2, good],
    [-1, good],
    [0.5, good],
    [NaN, good],
    [0, good.replace("paused", "resumed")],
  ] as [number, ...unknown[]][]) {
    assert.equal(log.take(first, lines), false, JSON.stringify(lines).slice(0, 80));
    assert.equal(log.length, 1);
  }
});

test("a record is bounded, and says what it left out", () => {
  for (const words of ["", "ä".repeat(900)]) {
    const mine = new RecordLog();
    const theirs = new RecordLog();
    for (let i = 0; i < 2010; i++) {
      const { first, lines } = mine.add({ event: "shown", share: { kind: "apps", names: [words] } });
      assert.ok(theirs.take(first, lines));
    }
    const end = mine.add({ event: "over", reason: "customer" });
    assert.equal(end.lines.length, 2);
    assert.ok(theirs.take(end.first, end.lines));
    assert.deepEqual(mine.add({ event: "paused" }).lines, []);
    assert.equal(theirs.sha256(), mine.sha256());
    assert.ok(mine.length <= 2000 && mine.complete && theirs.complete);
    const late = new RecordLog();
    for (const { first, lines } of mine.batches()) {
      assert.ok(JSON.stringify(lines).length < 15 * 1024);
      assert.ok(late.take(first, lines));
    }
    assert.equal(late.json(""), mine.json(""));
  }
});
