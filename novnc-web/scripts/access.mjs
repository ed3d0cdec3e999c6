// What people need who use the keyboard alone, a screen reader, large letters, or colours of their
// own; the second part of `npm run advisorpage`. Alone: node scripts/access.mjs [--write]
//
// - A whole session works with the keyboard alone, at the customer's and at the advisor's page, and
//   what has the focus can be seen to have it.
// - What a screen reader learns of each state is in test/accessibletree.txt. --write writes it.
// - At a zoom of 200 % no page is wider than its window, and the buttons that stop can be reached.
// - With the system's own colours each button has a border, and the focus can be seen.
// - On a telephone, fingers can bring back the bar that full screen hides.
// - Nothing moves by itself, and where less motion is wished, nothing is animated at all.

import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { walkAdvisor, walkJoining } from "./advisorstates.mjs";
import { checkWidth, close, gateway, mock, open, pushPanel, report, smallWindow } from "./stand.mjs";
import { panelStates } from "./states.mjs";

const write = process.argv.includes("--write");
const treeFile = fileURLToPath(new URL("../test/accessibletree.txt", import.meta.url));
/** A window of 840 by 800, and one of 1280 by 800, at 200 %. */
const zoomedPanel = { width: 420, height: 400 };
const zoomedPage = { width: 640, height: 400 };

const focused = (page) => page.evaluate(() => document.activeElement?.dataset.testid ?? "");

/** Whether the element with the focus, if there is one, looks different because of it. */
const focusIsSeen = (page) =>
  page.evaluate(() => {
    if (document.activeElement === document.body) return true;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
    return (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none";
  });

/** Moves the focus by Tab to a control and presses a key there. */
async function press(page, name, testid, key = "Enter") {
  for (let steps = 0; steps < 60; steps++) {
    if ((await focused(page)) === testid) {
      if (!(await focusIsSeen(page))) report(name, `nobody sees that ${testid} has the focus`);
      return page.keyboard.press(key);
    }
    await page.keyboard.press("Tab");
  }
  report(name, `Tab does not reach ${testid}`);
  throw new Error("cannot go on");
}

/** Waits until `ok` is true. */
async function until(what, ok) {
  for (const end = Date.now() + 120_000; !(await ok());) {
    if (Date.now() > end) throw new Error("timed out: " + what);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits for the panel's next message, which must be this one. */
async function sent(name, want) {
  await until(`${name} sends ${want.type}`, () => mock.sent.length > 0);
  const got = mock.sent.shift();
  for (const [field, value] of Object.entries(want))
    if (got[field] !== value) report(name, `sent ${JSON.stringify(got)} instead of ${JSON.stringify(want)}`);
}

/** Waits until the element with the focus has this name for tests. */
async function hasFocus(page, testid) {
  await page.waitForFunction((want) => document.activeElement?.dataset.testid === want, testid);
}

async function customerByKeyboard(lang) {
  const name = `the customer's keyboard, ${lang}`;
  const states = panelStates(lang);
  let seq = 1;
  const say = (state) => pushPanel({ ...states[state], seq: ++seq });
  mock.sent.length = 0;
  mock.panel = { ...states.number, seq };
  const page = await open(name, { lang, size: smallWindow }, "/panel#t=x");
  await hasFocus(page, "number"); // nothing to press before typing
  await page.keyboard.type("482193057");
  await page.keyboard.press("Enter");
  await sent(name, { type: "enter", number: "482 193 057" });
  say("question-view-here");
  await hasFocus(page, "question-words"); // a key under way answers nothing
  await press(page, name, "question-allow");
  await sent(name, { type: "answer", allow: true });
  say("seen");
  await page.getByTestId("pause").waitFor();
  await press(page, name, "pause", " ");
  await sent(name, { type: "pause", on: true });
  await press(page, name, "share-change");
  await page.getByTestId("share-editor").waitFor();
  await page.keyboard.press("Escape");
  await hasFocus(page, "share-change");
  say("question-control-here");
  await hasFocus(page, "question-words");
  await press(page, name, "question-refuse");
  await sent(name, { type: "answer", allow: false });
  say("controlled");
  await page.getByTestId("take-control").waitFor();
  await press(page, name, "take-control");
  await sent(name, { type: "take", right: "control" });
  await press(page, name, "details");
  await page.getByTestId("details-list").waitFor();
  await page.keyboard.press("Escape");
  await hasFocus(page, "details");
  await press(page, name, "chat");
  await hasFocus(page, "chat-text");
  await page.keyboard.type("Danke");
  await page.keyboard.press("Enter");
  await sent(name, { type: "chat", text: "Danke" });
  await page.keyboard.press("Escape");
  await hasFocus(page, "chat");
  say("question-file-here");
  await hasFocus(page, "question-words");
  await press(page, name, "question-allow");
  await sent(name, { type: "answer", allow: true });
  say("files");
  await hasFocus(page, "files-heading"); // a key under way saves nothing
  await page.clock.setFixedTime(Date.now() + 5000); // the list takes presses once it can have been seen
  const download = page.waitForEvent("download");
  await press(page, name, "file-save");
  await (await download).delete();
  await press(page, name, "file-stop");
  await sent(name, { type: "fileStop", file: "file2" });
  await page.keyboard.press("Escape");
  await hasFocus(page, "files");
  await press(page, name, "end");
  await sent(name, { type: "end" });
  say("ended");
  await hasFocus(page, "ended-heading"); // a screen reader reads it
  await page.context().close();
}

async function advisorByKeyboard(lang) {
  const name = `the advisor's keyboard, ${lang}`;
  const look = { lang, size: { width: 1280, height: 800 } };
  gateway.reset();
  mock.signedIn = true;
  mock.sessions = [];
  const page = await open(name, look, "/advisor");
  const test = (id, more = "") => page.locator(`[data-testid="${id}"]${more}`);
  await test("new-session").waitFor();
  await press(page, name, "new-session");
  await test("number").waitFor();
  const number = (await test("number").textContent()).replaceAll(" ", "");
  const customer = await open("puppet", look, "/puppet");
  const puppet = (what, ...values) => customer.evaluate(([w, v]) => window.puppet[w](...v), [what, values]);
  await customer.waitForFunction(() => window.puppet);
  const none = { view: false, control: false, clipboard: false, files: false, show: false };
  await puppet("say", { rights: none });
  await puppet("enter", number);
  await test("session", '[data-phase="joined"]').waitFor();
  await test("see-screen").waitFor();
  if (await test("card-lock").isVisible()) {
    await press(page, name, "compare-same");
    await test("card-lock").waitFor({ state: "hidden" });
  }
  await press(page, name, "see-screen");
  await test("view-canvas", '[data-phase="asking"]').waitFor();
  await puppet("allow");
  const viewers = [{ door: "page", line: "sealed", from: "203.0.113.7" }];
  await puppet("say", { direction: "customer", rights: { ...none, view: true }, share: { kind: "screen", names: [] }, viewers });
  await test("view-canvas", '[data-phase="shown"]').waitFor();
  await test("ask-control", ":not([disabled])").waitFor();
  for (const [button, card] of [
    ["lock", "lock"],
    ["more", "more"],
  ]) {
    await press(page, name, button);
    await test("card-" + card).waitFor();
    await page.keyboard.press("Escape");
    await test("card-" + card).waitFor({ state: "hidden" });
    await hasFocus(page, button);
  }
  await press(page, name, "chat");
  await hasFocus(page, "chat-text");
  await page.keyboard.type("hello");
  await page.keyboard.press("Enter");
  await until(name + " writes", async () => (await puppet("heard")).includes("chat hello"));
  await page.keyboard.press("Escape");
  await hasFocus(page, "chat");
  await press(page, name, "more");
  await test("card-more").waitFor();
  const dialog = page.waitForEvent("filechooser");
  await press(page, name, "files-send");
  await (await dialog).setFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("hello") });
  await hasFocus(page, "files-choose");
  await until(name + " offers a file", async () => (await puppet("offers")) === 1);
  await press(page, name, "file-cancel");
  await hasFocus(page, "files-choose"); // the other button is gone
  await until(name + " cancels a file", async () => (await puppet("heard")).includes("fileCancel"));
  await page.keyboard.press("Escape");
  await hasFocus(page, "more");
  await press(page, name, "ask-control");
  await until(name + " asks for control", async () => (await puppet("heard")).includes("ask control"));
  await press(page, name, "end-session");
  await test("confirm").waitFor();
  await press(page, name, "confirm-yes");
  await test("ended").waitFor();
  await customer.context().close();
  await page.context().close();
}

/** On a telephone in full screen the bar hides, and its handle brings it back. */
async function fullScreenByFinger() {
  const name = "full screen by finger";
  gateway.reset();
  mock.signedIn = true;
  mock.sessions = [];
  const page = await open(name, { lang: "de", phone: true, touch: true }, "/advisor");
  const test = (id, more = "") => page.locator(`[data-testid="${id}"]${more}`);
  await test("new-session").tap();
  const number = (await test("number").textContent()).replaceAll(" ", "");
  const customer = await open("puppet", { lang: "de" }, "/puppet");
  await customer.waitForFunction(() => window.puppet);
  await customer.evaluate((n) => window.puppet.enter(n), number);
  await test("session", '[data-phase="joined"]').waitFor();
  const bottom = (id) => page.evaluate((i) => document.querySelector(i).getBoundingClientRect().bottom, id);
  const hidden = () => until(name + " hides the bar", async () => (await bottom(".bar")) <= 0);
  if (await test("bar-handle").isVisible()) report(name, "there is a handle although the bar does not hide");
  await test("full-screen").tap();
  await page.waitForFunction(() => document.fullscreenElement !== null);
  await hidden();
  await test("bar-handle", '[aria-expanded="false"]').tap();
  await until(name + " shows the bar", async () => (await bottom(".bar")) > 30);
  await test("bar-handle", '[aria-expanded="true"]').tap();
  await hidden();
  await test("bar-handle").tap();
  await page.locator("main").tap({ position: { x: 180, y: 600 } }); // beside it
  await hidden();
  await test("bar-handle").tap();
  await test("full-screen").tap();
  await page.waitForFunction(() => document.fullscreenElement === null);
  await test("bar-handle").waitFor({ state: "hidden" });
  await customer.context().close();
  await page.context().close();
}

/** What a screen reader learns of each state, by its name: as the file says, and as it is. */
const recorded = new Map(
  (await readFile(treeFile, "utf8"))
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf("\n")), section.slice(section.indexOf("\n")).trim()]),
);
const trees = new Map();

/** Digits are drawn or count time, so all are the same, as are halves of the day and hashes. */
async function treeOf(page) {
  const tree = await page.locator("body").ariaSnapshot();
  return tree
    .replace(/\/url: blob:.*/g, "/url: blob:")
    .replace(/(?<!level=)\d+/g, "0")
    .replace(/0\s[AP]M\b/g, "0")
    .replace(/\b0 minutes?\b/g, "0 minutes")
    .replace(/SHA-0 [0a-f]+/g, "SHA-0 0"); // of a record, with its times
}

/** Compares what a screen reader learns with the file; what is missing may still come. */
async function checkTree(page, name) {
  let tree = await treeOf(page);
  const settled = Date.now() + (write ? 1000 : 30_000);
  while ((write || tree !== recorded.get(name)) && Date.now() < settled) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    tree = await treeOf(page);
  }
  trees.set(name, tree);
  if (write || tree === recorded.get(name)) return;
  const [want, got] = [(recorded.get(name) ?? "").split("\n"), tree.split("\n")];
  const line = got.findIndex((l, i) => l !== want[i]);
  const words = line < 0 ? "less than before" : `\n  ${got[line]}\ninstead of\n  ${want[line]}`;
  report(name, `a screen reader learns ${words}\nIf that is better: node scripts/access.mjs --write`);
}

/** What moves by itself, and with `any` what is animated at all. */
const moving = (page, any) =>
  page.evaluate((all) => {
    const still = /^(offset|computedOffset|easing|composite|opacity|color|.*Color)$/;
    return document
      .getAnimations()
      .filter(
        (a) =>
          a.playState === "running" && (all || a.effect.getKeyframes().some((k) => Object.keys(k).some((p) => !still.test(p)))),
      )
      .map((a) => a.effect.target?.className + " " + (a.animationName ?? a.transitionProperty));
  }, any);

/** What would be lost without colours of our own. */
const borderless = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("button:not(.quiet, .icon-button, .tab-name)")]
      .filter((e) => e.checkVisibility({ visibilityProperty: true }))
      .filter((e) => parseFloat(getComputedStyle(e).borderTopWidth) < 1)
      .map((e) => e.dataset.testid ?? e.textContent.trim()),
  );

/** Whether a control can be brought into the window and nothing lies over it but a dialog. */
const canBePressed = (page, testid) =>
  page.evaluate((id) => {
    const e = document.querySelector(`[data-testid="${id}"]`);
    if (!e?.checkVisibility()) return true; // not in this state
    const dialog = [...document.querySelectorAll("dialog, [role=dialog], .card")].find((d) => d.checkVisibility());
    if (dialog && !dialog.contains(e)) return true; // the dialog comes first
    e.scrollIntoView({ block: "nearest" });
    const { x, y, width, height } = e.getBoundingClientRect();
    return e.contains(document.elementFromPoint(x + width / 2, y + height / 2));
  }, testid);

async function panelLooks() {
  const states = Object.entries(panelStates("en"));
  mock.panel = states[0][1];
  const page = await open("panel", { lang: "en", size: smallWindow }, "/panel#t=x");
  for (const [state, snapshot] of states) {
    const name = `panel ${state}`;
    mock.panel = snapshot;
    await page.reload();
    await page.locator(".panel-page").waitFor();
    if (snapshot.phase === "joined" && snapshot.rights.show) await page.locator(".show-words").waitFor({ state: "hidden" });
    await checkTree(page, name);
    for (const what of await moving(page, true)) report(name, "animated although less motion is wished: " + what);
    await page.emulateMedia({ reducedMotion: "no-preference" });
    for (const what of await moving(page, false)) report(name, "moves: " + what);
    await page.emulateMedia({ reducedMotion: "reduce", forcedColors: "active" });
    for (const what of await borderless(page)) report(name, `with the system's colours, ${what} has no border`);
    await page.keyboard.press("Tab");
    if (!(await focusIsSeen(page))) report(name, "with the system's colours nobody sees what has the focus");
    await page.emulateMedia({ forcedColors: "none" });
    await page.setViewportSize(zoomedPanel);
    await checkWidth(page, name + " at 200 %");
    for (const id of ["end", "pause", "take-control", "question-refuse", "question-allow", "cancel"])
      if (!(await canBePressed(page, id))) report(name, `at 200 % nobody can press ${id}`);
    await page.setViewportSize(smallWindow);
  }
  await page.context().close();
}

/** Where the picture is; "" without one. Runs in the page. */
function pictureBox() {
  const canvas = document.querySelector('[data-testid="view-canvas"] canvas');
  const { x, y, width, height } = canvas?.getBoundingClientRect() ?? { width: 0 };
  return innerWidth + (width ? ` ${x} ${y} ${width} ${height}` : "");
}

async function advisorLooks() {
  const size = { width: 1280, height: 800 };
  await walkAdvisor(
    "advisor",
    { lang: "en", size },
    async (page, state) => {
      const name = `advisor ${state}`;
      await checkTree(page, name);
      for (const what of await moving(page, true)) report(name, "animated although less motion is wished: " + what);
      if (state === "full-screen") return;
      await page.emulateMedia({ forcedColors: "active" });
      for (const what of await borderless(page)) report(name, `with the system's colours, ${what} has no border`);
      await page.emulateMedia({ forcedColors: "none" });
      const before = await page.evaluate(pictureBox);
      await page.setViewportSize(zoomedPage);
      await checkWidth(page, name + " at 200 %");
      for (const id of ["end-session", "confirm-yes", "see-screen", "cancel-view", "cancel-control", "show-stop"])
        if (!(await canBePressed(page, id))) report(name, `at 200 % nobody can press ${id}`);
      await page.setViewportSize(size);
      // noVNC fits the picture later.
      await until(name + " has the picture where it was", async () => (await page.evaluate(pictureBox)) === before);
    },
    [size.width, size.height],
  );
  await walkJoining({ lang: "en", size }, (page, state) => checkTree(page, `advisor ${state}`));
}

/** After all states: writes the file, or finds states in it which there are no more. */
async function finishTrees() {
  if (write) {
    const sections = [...trees].map(([name, tree]) => `## ${name}\n\n${tree}\n`);
    return writeFile(treeFile, sections.join("\n"));
  }
  for (const name of recorded.keys()) if (!trees.has(name)) report(name, "there is no such state any more: --write");
}

let finished = false;
try {
  for (const lang of ["en", "de"]) {
    await customerByKeyboard(lang);
    await advisorByKeyboard(lang);
  }
  await fullScreenByFinger();
  await panelLooks();
  await advisorLooks();
  await finishTrees();
  finished = true;
} finally {
  const problems = await close();
  console.log(problems === 0 && finished ? `${trees.size} states read aloud, 4 sessions by keyboard` : `${problems} problems`);
  process.exitCode = finished && problems === 0 ? 0 : 1;
}
