// What the customer's panel makes of snapshots. Its pages are tested by scripts/pages.mjs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { History } from "../src/panel/history.ts";
import { calmWords } from "../src/panel/ended.ts";
import { FilesPart, stillWords, waiting } from "../src/panel/filespart.ts";
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

const key = "k".repeat(43);
const sum = "0123456789abcdef".repeat(4);
const offer = (fields: object) => ({
  id: "a",
  given: false,
  name: "a.pdf",
  size: 9,
  kind: "document",
  state: "waiting",
  taken: 0,
  ...fields,
});
const filesOf = (...offers: unknown[]) => snapshot({ phase: "joined", files: offers }).files;

test("the files of a snapshot are taken as they are", () => {
  assert.deepEqual(
    filesOf(
      offer({ id: "a" }),
      offer({ id: "b", state: "accepted", key }),
      offer({ id: "c", state: "saving", taken: 4 }),
      offer({ id: "d", state: "done", taken: 9, sha256: sum }),
      offer({ id: "e", state: "ended", why: "refused", kind: "program" }),
    ),
    [
      {
        id: "a",
        given: false,
        name: "a.pdf",
        size: 9,
        kind: "document",
        state: "waiting",
        why: "",
        taken: 0,
        key: "",
        sha256: "",
      },
      { id: "b", given: false, name: "a.pdf", size: 9, kind: "document", state: "accepted", why: "", taken: 0, key, sha256: "" },
      {
        id: "c",
        given: false,
        name: "a.pdf",
        size: 9,
        kind: "document",
        state: "saving",
        why: "",
        taken: 4,
        key: "",
        sha256: "",
      },
      { id: "d", given: false, name: "a.pdf", size: 9, kind: "document", state: "done", why: "", taken: 9, key: "", sha256: sum },
      {
        id: "e",
        given: false,
        name: "a.pdf",
        size: 9,
        kind: "program",
        state: "ended",
        why: "refused",
        taken: 0,
        key: "",
        sha256: "",
      },
    ],
  );
  assert.deepEqual(snapshot({ phase: "joined" }).files, []);
});

test("a file that cannot be shown as what it is is left out", () => {
  for (const wrong of [
    null,
    [],
    "file",
    offer({ id: "" }),
    offer({ id: 7 }),
    offer({ id: "../a" }),
    offer({ id: "a".repeat(101) }),
    offer({ name: "" }),
    offer({ name: "\u202e\u200b\n" }),
    offer({ name: 7 }),
    offer({ size: -1 }),
    offer({ size: 1.5 }),
    offer({ size: 2 ** 53 }),
    offer({ size: "9" }),
    offer({ size: null }),
    offer({ state: "other" }),
    offer({ state: "" }),
    offer({ state: "__proto__" }),
  ])
    assert.deepEqual(filesOf(wrong), [], JSON.stringify(wrong));
  for (const wrong of [null, 7, "files", {}, { 0: offer({}), length: 1 }])
    assert.deepEqual(snapshot({ phase: "joined", files: wrong }).files, [], JSON.stringify(wrong));
});

test("values of a file that are wrong do no harm", () => {
  for (const wrong of [
    "",
    7,
    "k".repeat(42),
    "k".repeat(44),
    "k".repeat(42) + "/",
    "k".repeat(43) + "\n",
    "../" + "k".repeat(40),
    "javascript:" + "k".repeat(32),
  ])
    assert.equal(filesOf(offer({ state: "accepted", key: wrong }))[0]?.key, "", JSON.stringify(wrong));
  // Only an accepted file can be saved.
  for (const state of ["waiting", "saving", "done", "ended"]) assert.equal(filesOf(offer({ state, key }))[0]?.key, "", state);
  for (const wrong of [7, sum.slice(1), sum + "0", sum.toUpperCase(), "g".repeat(64)])
    assert.equal(filesOf(offer({ state: "done", sha256: wrong }))[0]?.sha256, "", JSON.stringify(wrong));
  for (const [taken, want] of [
    [10, 9],
    [-1, 0],
    [0.5, 0],
    ["4", 0],
    [undefined, 0],
  ])
    assert.equal(filesOf(offer({ state: "saving", taken }))[0]?.taken, want);
  assert.equal(filesOf(offer({ state: "ended", why: "other" }))[0]?.why, "");
  assert.equal(filesOf(offer({ state: "waiting", why: "refused" }))[0]?.why, "");
  // What is not known to be harmless is marked.
  assert.equal(filesOf(offer({ kind: "toString" }))[0]?.kind, "program");
  // Nothing can hide the end of a name.
  assert.equal(filesOf(offer({ name: "a\u202efdp.exe\u0000\u200b" }))[0]?.name, "afdp.exe");
});

test("as many files are shown as the program keeps, and none twice", () => {
  const many = Array.from({ length: 100 }, (_, i) => offer({ id: `f${i}` }));
  assert.deepEqual(
    filesOf(...many).map((f) => f.id),
    many.slice(0, 40).map((f) => f.id),
  );
  const twice = filesOf(offer({ id: "a", name: "first" }), offer({ id: "a", name: "second" }), offer({ id: "b" }));
  assert.deepEqual(
    twice.map((f) => f.name),
    ["first", "a.pdf"],
  );
});

test("a file that the customer gives cannot be saved", () => {
  assert.deepEqual(filesOf(offer({ given: true, state: "accepted", key })), [
    { id: "a", given: true, name: "a.pdf", size: 9, kind: "document", state: "accepted", why: "", taken: 0, key: "", sha256: "" },
  ]);
  for (const wrong of [1, "true", null, {}]) assert.equal(filesOf(offer({ given: wrong }))[0]?.given, false);
  // It neither opens the list nor waits for the customer, and is no file that was saved.
  const part = new FilesPart(panelTexts.en, commonTexts.en, { stopFile: () => {} });
  const files = [offer({ given: true, state: "accepted" }), offer({ id: "b", given: true, state: "done" })];
  assert.equal(part.update(snapshot({ phase: "joined", files })), false);
  assert.equal(waiting(snapshot({ phase: "joined", files })), 0);
  assert.equal(stillWords(snapshot({ phase: "away", files }), panelTexts.en), panelTexts.en.files.given.away);
  assert.equal(calmWords(snapshot({ phase: "ended", files }), panelTexts.en), panelTexts.en.endedCalm);
});

test("a question for a file has the file", () => {
  const asked = (file: unknown) => snapshot({ phase: "joined", question: { id: "1", right: "files", file } }).question;
  assert.equal(asked(offer({}))?.right, "files");
  assert.equal(asked(offer({}))?.file?.name, "a.pdf");
  for (const wrong of [undefined, null, 7, offer({ size: -1 })]) assert.equal(asked(wrong)?.file, null);
  assert.deepEqual(snapshot({ silenced: ["files", "point", "view", "other"] }).silenced, ["files", "view"]);
});

test("the list opens when a file can be saved, and only then", () => {
  const part = new FilesPart(panelTexts.en, commonTexts.en, { stopFile: () => {} });
  const accepted = (id: string) => offer({ id, state: "accepted", key });
  const steps: [object[], boolean][] = [
    [[offer({ id: "a" })], false],
    [[accepted("a")], true],
    [[accepted("a")], false],
    [[accepted("a"), offer({ id: "b", state: "ended", why: "refused" })], false],
    [[offer({ id: "a", state: "saving" }), accepted("c")], true],
    [[offer({ id: "a", state: "done" })], false],
    [[], false],
  ];
  for (const [files, want] of steps) assert.equal(part.update(snapshot({ phase: "joined", files })), want, JSON.stringify(files));
});

test("what waits for the customer, and what stands still", () => {
  const files = [offer({ id: "a", state: "accepted", key }), offer({ id: "b", state: "done" })];
  const { away, paused } = panelTexts.en.files;
  for (const [fields, n, still] of [
    [{ phase: "joined", files }, 1, ""],
    [{ phase: "joined", paused: true, files }, 1, paused],
    [{ phase: "away", paused: true, files }, 1, away],
    [{ phase: "ended", files }, 0, ""],
    [{ phase: "away", files: files.slice(1) }, 0, ""],
  ] as const) {
    assert.equal(waiting(snapshot(fields)), n);
    assert.equal(stillWords(snapshot(fields), panelTexts.en), still);
  }
  assert.equal(calmWords(snapshot({ phase: "ended", files }), panelTexts.en), panelTexts.en.endedCalmFiles);
  assert.equal(calmWords(snapshot({ phase: "ended" }), panelTexts.en), panelTexts.en.endedCalm);
  assert.equal(calmWords(null, panelTexts.en), panelTexts.en.endedCalm);
});

// The same as in i18n/size_test.go, and numbers in the middle between two results.

test("a recording is read, and its key only in the form of one", () => {
  const key = "r".repeat(43);
  assert.equal(snapshot({}).recording, null);
  assert.deepEqual(snapshot({ recording: { running: true, held: true, key } }).recording, {
    running: true,
    held: true,
    key,
    lost: false,
  });
  for (const wrong of ["x", `${key}/..`, "../".repeat(14) + "x", 7])
    assert.equal(snapshot({ recording: { running: true, key: wrong } }).recording?.key, "");
  assert.deepEqual(snapshot({ silenced: ["record"] }).silenced, ["record"]);
});
