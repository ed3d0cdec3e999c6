import assert from "node:assert/strict";
import { test } from "node:test";
import { list, oneOf, parseFields, text, time } from "../src/common/fields.ts";
import { readViewers } from "../src/common/rights.ts";
import { readDownloads, sortDownloads, systemOf } from "../src/customer/systems.ts";
import { readSnapshot } from "../src/panel/snapshot.ts";

test("only bounded objects are read", () => {
  assert.deepEqual(parseFields('{"a":1}', 10), { a: 1 });
  for (const bad of ['{"a":1}'.padEnd(11), "[1]", "null", "7", "{", "", undefined, new ArrayBuffer(2)])
    assert.equal(parseFields(bad, 10), null);
});

test("text is cut, and freed of what could deceive", () => {
  assert.equal(text("Anna\u202e\u0000\n Berger"), "Anna Berger");
  assert.equal(text("x".repeat(500), 10), "xxxxxxxxxx…");
  assert.equal(text(5), "");
  assert.equal(text({ toString: () => "x" }), "");
});

test("words, lists and times have a fallback", () => {
  assert.equal(oneOf("c", ["a", "b"], "a"), "a");
  assert.equal(oneOf(["b"], ["a", "b"], "a"), "a");
  assert.deepEqual(list({ length: 3 }, 5), []);
  assert.equal(list(new Array(100).fill(0), 5).length, 5);
  assert.equal(time("soon"), null);
  assert.equal(time("2026-01-01T12:00:00Z")?.getTime(), Date.UTC(2026, 0, 1, 12));
});

test("a line that is not known to be sealed is not called so", () => {
  assert.deepEqual(
    readViewers([{ door: "page", line: "sealed", from: "::1" }, { line: "perfect" }, null]).map((v) => v.line),
    ["sealed", "gateway", "gateway"],
  );
});

test("a snapshot is read whole or not at all", () => {
  assert.equal(readSnapshot('{"type":"other"}'), null);
  assert.equal(readSnapshot("x"), null);
  const s = readSnapshot(
    JSON.stringify({
      type: "state",
      seq: 7,
      lang: "tlh",
      phase: "dancing",
      rights: { view: "yes", control: 1, clipboard: true },
      question: { id: "3", right: "everything", seconds: -5, armed: "yes" },
      viewers: "many",
      line: "quantum",
    }),
  );
  assert.ok(s);
  assert.equal(s.lang, "en");
  assert.equal(s.phase, "connecting");
  assert.deepEqual(s.rights, { view: false, control: false, clipboard: true, show: false, point: false, record: false });
  // An unknown right is shown as control, the right with the most serious consequences.
  assert.deepEqual(s.question, {
    id: "3",
    right: "control",
    seconds: 0,
    armed: false,
    window: false,
    proposal: null,
    file: null,
    colleague: null,
    by: null,
  });
  // These fields are absent in messages of an old program.
  assert.deepEqual([s.choices, s.share, s.hands, s.record], [null, null, false, { text: "", json: "" }]);
  assert.deepEqual(s.viewers, []);
  assert.equal(s.line, "");
});

test("choices and shares are bounded, and a record is plain text", () => {
  const apps = Array.from({ length: 500 }, (_, i) => ({ id: "a" + i, name: "\u202eevil\u0007", titles: Array(50).fill("t") }));
  const s = readSnapshot(
    JSON.stringify({
      type: "state",
      choices: { apps, monitors: [{ id: 1, name: "HDMI", width: 1920, height: 1080 }, 7], whole: 1 },
      share: { kind: "apps", apps: ["a", 5], names: ["gedit", null] },
      question: { id: "1", right: "share", armed: true, window: true, proposal: { kind: "moon" } },
      record: "one\r\ntwo\u001b[31m\n",
    }),
  );
  assert.ok(s?.choices);
  assert.equal(s.choices.apps.length, 100);
  assert.deepEqual(s.choices.apps[0], { id: "a0", name: "evil", titles: Array(8).fill("t"), icon: "", powerful: false });
  assert.deepEqual(s.choices.monitors[1], { id: 0, name: "", width: 0, height: 0 });
  assert.equal(s.choices.whole, false);
  assert.deepEqual(s.share, { kind: "apps", monitor: 0, apps: ["a", ""], names: ["gedit"] });
  assert.equal(s.question?.window, true);
  assert.equal(s.question?.proposal, null);
  assert.equal(s.record.text, "one\ntwo[31m\n");
});

test("an icon is a small PNG in base64, and nothing else", () => {
  const png = "iVBORw0KGgoAAAANSUhEUg==";
  const read = (icon: unknown) =>
    readSnapshot(JSON.stringify({ type: "state", choices: { apps: [{ id: "a", name: "n", titles: [], icon }] } }))?.choices
      ?.apps[0]?.icon;
  assert.equal(read(png), png);
  for (const bad of [
    undefined,
    null,
    7,
    ["iVBORw0KGgo="],
    "",
    "R0lGODlhAQABAAAAACw=", // a GIF
    "PHN2ZyB4bWxucz0i", // SVG
    png + '" onerror="alert(1)',
    png + "\n",
    "data:image/png;base64," + png,
    "https://evil.example/" + png,
    png.padEnd(8 * 1024 + 1, "A"),
  ])
    assert.equal(read(bad), "", String(bad).slice(0, 40));
});

test("the right file comes first", () => {
  const file = (os: string, arch: string) => ({
    os,
    arch,
    file: `lotse-agent-${os}-${arch}`,
    size: 1,
    sha256: "00",
    name: "",
    signer: "",
  });
  const all = [
    file("darwin", "amd64"),
    file("darwin", "arm64"),
    file("linux", "arm64"),
    file("linux", "amd64"),
    file("windows", "amd64"),
  ];
  const first = (agent: string) => sortDownloads(all, systemOf(agent), agent).fitting?.file;
  assert.equal(first("Mozilla/5.0 (Windows NT 10.0; Win64; x64)"), "lotse-agent-windows-amd64");
  assert.equal(first("Mozilla/5.0 (X11; Linux x86_64)"), "lotse-agent-linux-amd64");
  assert.equal(first("Mozilla/5.0 (X11; Linux aarch64)"), "lotse-agent-linux-arm64");
  assert.equal(first("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"), "lotse-agent-darwin-arm64");
  assert.equal(first("something else"), undefined);
  const withArm = [...all, file("windows", "arm64")];
  assert.equal(sortDownloads(withArm, "windows", "", "arm").fitting?.arch, "arm64");
  assert.equal(sortDownloads(withArm, "windows", "", "x86").fitting?.arch, "amd64");
  assert.equal(systemOf("Mozilla/5.0 (Linux; Android 14)"), "phone");
  assert.equal(sortDownloads(all, "windows", "").others.length, 4);
});

test("file names that lead elsewhere are left out", () => {
  const names = ["lotse-agent.exe", "../secret", "a/b", "javascript:alert(1)", "", "ok_1.2+x"];
  assert.deepEqual(
    readDownloads({ downloads: names.map((file) => ({ file })) }).map((d) => d.file),
    ["lotse-agent.exe", "ok_1.2+x"],
  );
});
