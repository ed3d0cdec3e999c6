// Walks the advisor's real page through the states of a session, with a puppet for the customer's
// program: for pictures (screenshots.mjs) and tests (advisorpage.mjs).

import { stat } from "node:fs/promises";
import { gateway, mock, open, report } from "./stand.mjs";

const none = { view: false, control: false, clipboard: false, files: false, show: false };
const viewers = [{ door: "page", line: "sealed", from: "203.0.113.7" }];
const apps = { kind: "apps", names: ["LibreOffice", "Thunderbird"] };
const screen = { kind: "screen", names: [] };
const watching = { direction: "customer", rights: { ...none, view: true, point: true }, share: screen, viewers };
const control = { ...watching, rights: { ...none, view: true, point: true, control: true } };

/**
 * Calls `seen(page, state)` in each state. `size` is the size of the customer's desktop. In the
 * states whose names begin with "seen" or "control" the page shows the customer's screen.
 */
export async function walkAdvisor(name, look, seen, size = [1280, 800]) {
  gateway.reset();
  mock.signedIn = true;
  mock.sessions = [];
  const page = await open(name, look, "/advisor");
  const test = (id, more = "") => page.locator(`[data-testid="${id}"]${more}`);
  await test("new-session").click();
  await test("number").waitFor();
  await seen(page, "waiting");
  const number = (await test("number").textContent()).replaceAll(" ", "");
  const customer = await open("puppet", look, "/puppet");
  const puppet = (what, ...values) => customer.evaluate(([w, v]) => window.puppet[w](...v), [what, values]);
  await customer.waitForFunction(() => window.puppet);
  await puppet("resize", ...size);
  /** Sends a state, and waits until the page shows it. */
  const say = async (state, id, more = "", options = undefined) => {
    await puppet("say", state);
    await test(id, more).first().waitFor(options);
  };
  await puppet("say", { rights: none });
  await puppet("enter", number);
  await test("session", '[data-phase="joined"]').waitFor();
  await test("see-screen").waitFor();
  if (await test("card-lock").isVisible()) {
    await seen(page, "joined-compare");
    await test("compare-same").click();
  }
  await test("card-lock").waitFor({ state: "hidden" });
  await seen(page, "joined");
  await puppet("write", "Guten Tag! https://support.example.com/a?b");
  await test("chat-badge").waitFor();
  await seen(page, "joined-chat-unread");

  await test("show-screen").click();
  await puppet("say", { rights: none, asked: ["show"] });
  await test("showing", '[data-phase="asking"]').waitFor();
  await seen(page, "show-asking");
  await say({ direction: "advisor", rights: { ...none, show: true } }, "showing", '[data-phase="shown"]');
  await seen(page, "show-shown");
  await say({ rights: none }, "showing", '[data-phase="ended"]');
  await seen(page, "show-ended");
  await test("show-stop").click();
  await test("show-screen").click();
  await test("showing", '[data-phase="asking"]').waitFor();
  await puppet("refuse");
  await test("showing", '[data-phase="refused"]').waitFor();
  await seen(page, "show-refused");
  await test("show-stop").click();

  await test("see-screen").click();
  await test("view-canvas", '[data-phase="asking"]').waitFor();
  await puppet("tell", { event: "asked", right: "view", by: "auto", seconds: 60 });
  await seen(page, "view-asking");
  await test("remind").click();
  await test("remind", ":disabled").waitFor(); // for a while, in its place
  await seen(page, "view-asking-reminded");
  await puppet("allow");
  await puppet("say", { ...watching, share: apps });
  await test("view-canvas", '[data-phase="shown"]').waitFor();
  await page.waitForFunction((want) => document.querySelector("canvas")?.width === want, size[0]);
  await seen(page, "seen-apps");
  await say({ ...watching, share: apps, asked: ["control", "share"] }, "asking");
  await puppet("tell", { event: "asked", right: "control", by: "auto", seconds: 60 });
  await seen(page, "seen-asking");
  await puppet("tell", { event: "refused", right: "control", by: "customer" });
  await say(watching, "asking", "", { state: "hidden" });
  await seen(page, "seen-refused");
  await checkKeyboard(name, page, test);
  await checkPinch(name, page, test, null);
  await puppet("tell", { event: "given", right: "control", by: "customer" });
  await say(control, "ask-control", '[data-right="given"]');
  await say({ ...control, rights: { ...control.rights, record: true } }, "recording", '[data-held="false"]');
  await seen(page, "control-recorded");
  await say(control, "recording", "", { state: "detached" });
  await seen(page, "control");
  await checkPinch(name, page, test, () => puppet("pointer"));
  // Ways into the picture and out of it by keyboard.
  await test("end-session").focus();
  await page.keyboard.press("Tab");
  if (!(await page.evaluate(() => document.activeElement.matches("canvas[aria-label][aria-description]"))))
    report(name, "with control, Tab does not reach the picture");
  for (const key of ["Control", "Alt", "Shift"]) await page.keyboard.down(key);
  await page.waitForFunction(() => document.activeElement.closest(".bar") !== null);
  for (const key of ["Shift", "Alt", "Control"]) await page.keyboard.up(key);
  await test("full-screen").click();
  await page.waitForFunction(() => document.fullscreenElement !== null);
  await page.mouse.move(size[0] / 2, size[1] / 2);
  await page.waitForFunction(() => document.querySelector(".bar").getBoundingClientRect().bottom < 4);
  await seen(page, "full-screen");
  await page.evaluate(() => document.exitFullscreen());
  await page.waitForFunction(() => document.querySelector(".bar").getBoundingClientRect().y === 0);
  // noVNC fits the picture one frame later.
  await page.waitForFunction(() => document.querySelector("canvas").getBoundingClientRect().bottom <= innerHeight);
  await say({ ...control, hands: true }, "hands");
  await seen(page, "control-hands");
  await say({ ...control, panelClosed: true }, "panel-closed");
  await seen(page, "control-panel-closed");
  for (const notice of ["hidden", "shielded"]) {
    await say({ ...control, notice }, "notice");
    await seen(page, `control-notice-${notice}`);
  }
  await say({ ...control, rights: { ...control.rights, clipboard: true } }, "ask-clipboard", '[data-right="given"]');
  for (const [button, card] of [
    ["ask-clipboard", "clipboard"],
    ["keys-open", "keys"],
    ["lock", "lock"],
    ["more", "more"],
  ]) {
    await test(button).click();
    await test("card-" + card).waitFor();
    await seen(page, "control-card-" + card);
    await page.keyboard.press("Escape");
    await test("card-" + card).waitFor({ state: "hidden" });
  }
  await test("chat").click();
  await test("chat-link").waitFor();
  await test("chat-text").fill("Hallo");
  await page.keyboard.press("Enter");
  await test("chat-line", "[data-own]").waitFor();
  await seen(page, "control-chat");
  await test("chat-link").click();
  await test("chat-address").waitFor();
  await seen(page, "control-chat-link");
  await page.keyboard.press("Escape");
  await test("confirm").waitFor({ state: "hidden" });
  await test("chat-close").click();
  await test("chat-side").waitFor({ state: "hidden" });
  await walkFiles(name, page, test, puppet, seen);
  await walkGiven(name, page, test, puppet, seen);
  await walkColleagues(page, test, puppet, say, seen);
  await say({ ...watching, direction: "none", paused: true, share: null }, "paused");
  await seen(page, "seen-paused");
  await test("end-session").click();
  await test("confirm").waitFor();
  await seen(page, "end-question");
  await test("confirm-yes").click();
  await test("ended").waitFor();
  await seen(page, "ended");
  await customer.context().close();
  await page.context().close();
}

/** Another advisor is asked for, comes, and may ask for control. */
async function walkColleagues(page, test, puppet, say, seen) {
  await test("more").click();
  await test("colleague-open").click();
  await test("colleague-form").waitFor();
  await seen(page, "control-colleague");
  await test("colleague-ask").click();
  await test("colleague-asked").waitFor();
  await puppet("colleague", { state: "asked" });
  await seen(page, "control-colleague-asked");
  await puppet("colleague", { state: "expected", number: "482167890", seconds: 900 });
  await test("colleague-number").waitFor();
  await seen(page, "control-colleague-number");
  const bert = { name: "bert", display: "Bert Maier", company: "Beispiel Software", for: "control", here: true, leads: true };
  await puppet("colleague", { state: "here" });
  await test("colleague-here").waitFor();
  await say({ ...watching, colleagues: [bert], holder: "bert" }, "colleague-holds");
  await seen(page, "seen-colleague-holds");
  await test("colleague-pass").click();
  await test("confirm").waitFor();
  await seen(page, "seen-colleague-pass");
  await test("confirm-no").click();
  await test("confirm").waitFor({ state: "hidden" });
  await puppet("colleague", { state: "gone", why: "removed" });
  await test("colleague-gone").waitFor();
  await say(control, "ask-control", '[data-right="given"]');
  await seen(page, "control-colleague-gone");
  await page.keyboard.press("Escape");
  await test("card-colleague").waitFor({ state: "hidden" });
}

/** A page whose advisor is asked to join another one's session. */
export async function walkJoining(look, seen) {
  gateway.reset();
  mock.signedIn = true;
  const advisor = { name: "anna", display: "Anna Berger", company: "Beispiel Software GmbH" };
  mock.sessions = [{ place: "4821", state: "joined", since: "", expires: "", advisor }];
  const page = await open("joining", look, "/advisor");
  const test = (id) => page.getByTestId(id);
  await test("invited-4821").waitFor();
  await seen(page, "invited");
  await test("invited-4821").click();
  await test("join-number").fill("123 456 789");
  await test("join").click();
  await page.waitForFunction(() => document.querySelector('[data-testid="join-wrong"]').textContent !== "");
  await seen(page, "joining-wrong");
  await page.context().close();
}

/** Files that the advisor sends: chosen, and dropped on the page. */
async function walkFiles(name, page, test, puppet, seen) {
  const data = (fileName, size) => ({ name: fileName, mimeType: "application/octet-stream", buffer: Buffer.alloc(size, 7) });
  const files = {
    sent: data("Sicherung der Buchhaltung 2026 mit allen Belegen.zip", 1_000_000),
    done: data("Anleitung.pdf", 230_000),
    waiting: data("Rechnung März.odt", 48_000),
    refused: data("Treiber für den Drucker.exe", 9_400_000),
  };
  const row = (file) => test("file").filter({ hasText: file.name });
  await puppet("take", files.sent.name, 0.4);
  await test("files-field").setInputFiles(Object.values(files));
  await test("files-side").waitFor();
  const say = (file, state) => puppet("file", file.name, state);
  // The offers leave one after the other.
  while ((await puppet("offers")) < 4) await page.waitForTimeout(20);
  await say(files.done, { state: "wanted" });
  await row(files.done).and(page.locator('[data-state="done"]')).waitFor();
  await say(files.sent, { state: "wanted" });
  // The rate goes away when nothing more comes.
  const moved = row(files.sent).getByTestId("file-moved");
  await moved.filter({ hasText: /^(400 (KB|Ko)|0[.,]4 (MB|Mo)) / }).waitFor();
  await test("event", "[data-faded]").waitFor(); // so that its words do not depend on the time
  await moved.filter({ hasNotText: "/s" }).waitFor();
  await say(files.refused, { state: "ended", why: "refused" });
  await row(files.refused).and(page.locator('[data-state="ended"]')).waitFor();
  await seen(page, "control-files");
  const drag = (type, where) =>
    page.evaluate(
      ([t, selector]) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(["text"], "Notiz.txt"));
        const event = new DragEvent(t, { dataTransfer, bubbles: true, cancelable: true });
        document.querySelector(selector).dispatchEvent(event);
        return event.defaultPrevented;
      },
      [type, where],
    );
  await test("files-close").click();
  await test("files-side").waitFor({ state: "hidden" });
  await drag("dragenter", ".stage");
  await test("drop").waitFor();
  await seen(page, "control-drop");
  if (!(await drag("drop", ".stage"))) report(name, "the browser opens a file that is dropped on the picture");
  await test("drop").waitFor({ state: "hidden" });
  await row({ name: "Notiz.txt" }).waitFor();
  await test("files-close").click();
  await puppet("greet", { files: false });
  await drag("dragover", ".bar");
  await test("drop", "[data-refused]").waitFor();
  await seen(page, "control-drop-refused");
  await drag("dragleave", "body");
  await test("drop").waitFor({ state: "hidden" });
  await test("more").click();
  await test("files-why").waitFor();
  await seen(page, "control-files-none");
  await page.keyboard.press("Escape");
  for (const where of [".bar", ".stage", "body"])
    for (const type of ["dragenter", "dragover", "drop"])
      if (!(await drag(type, where))) report(name, `${type} on ${where}: the browser opens the file`);
  await test("message").waitFor();
  await test("message").waitFor({ state: "hidden" });
  await puppet("greet", {});
}

/** Files that the customer gives. They become downloads, as no dialog can be answered here. */
async function walkGiven(name, page, test, puppet, seen) {
  await page.evaluate(() => delete window.showSaveFilePicker);
  const row = (words) => test("file").filter({ hasText: words });
  await test("files-side").waitFor({ state: "hidden" });
  await puppet("give", "Fehlerbericht vom Montag.pdf", 700_000, 1);
  await test("files-side").waitFor(); // by itself
  await test("event", "[data-faded]").waitFor(); // events of the same second are shown together
  await puppet("give", "Druckertreiber.exe", 900_000, 0.5);
  await row("Druckertreiber").getByTestId("file-program").waitFor();
  await test("event", "[data-faded]").waitFor(); // so that its words do not depend on the time
  await seen(page, "control-given");
  await row("Druckertreiber").getByTestId("file-take").click();
  const moved = row("Druckertreiber").getByTestId("file-moved");
  await moved.filter({ hasText: /^450 (KB|Ko) / }).waitFor();
  await test("event", "[data-faded]").waitFor();
  await moved.filter({ hasNotText: "/s" }).waitFor();
  await seen(page, "control-given-receiving");
  const download = page.waitForEvent("download");
  await row("Fehlerbericht").getByTestId("file-take").click();
  const saved = await download;
  if (saved.suggestedFilename() !== "Fehlerbericht vom Montag.pdf")
    report(name, "the file is called " + saved.suggestedFilename());
  const size = (await stat(await saved.path())).size;
  if (size !== 700_000) report(name, `${size} bytes of a file are saved`);
  await row("Fehlerbericht").getByTestId("file-sum").waitFor({ state: "attached" });
  await test("event", "[data-faded]").waitFor();
  await row("Druckertreiber").getByTestId("file-cancel").click();
  await row("Druckertreiber").and(page.locator('[data-state="ended"]')).waitFor();
  await test("event", "[data-faded]").waitFor();
  await seen(page, "control-given-saved");
  await test("files-close").click();
  await test("files-side").waitFor({ state: "hidden" });
}

/** While the advisor only looks: Tab enters the picture and leaves it, and keys scroll it. */
async function checkKeyboard(name, page, test) {
  const inPicture = () => page.evaluate(() => document.activeElement.matches('[data-testid="view-canvas"]'));
  const full = async (id) => {
    await test("more").click();
    await test(id).click();
    await page.keyboard.press("Escape");
    await test("card-more").waitFor({ state: "hidden" });
  };
  await full("scale-100");
  await test("end-session").focus();
  await page.keyboard.press("Tab");
  if (!(await inPicture())) return report(name, "Tab does not reach the picture");
  const label = await test("view-canvas").getAttribute("aria-label");
  if (!label) report(name, "the picture has no name");
  const top = () => page.evaluate(() => document.querySelector("canvas").parentElement.scrollTop);
  const moved = [];
  for (const key of ["End", "Home", "ArrowDown", "ArrowUp", "PageDown", "PageUp"]) {
    const before = await top();
    await page.keyboard.press(key);
    moved.push(Math.sign((await top()) - before));
  }
  if (moved.join() !== "1,-1,1,-1,1,-1") report(name, "the keys scroll the picture by " + moved);
  await page.keyboard.press("Tab");
  if (await inPicture()) report(name, "Tab does not leave the picture");
  await test("end-session").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Shift+Tab");
  if (!(await page.evaluate(() => document.activeElement.dataset.testid === "end-session")))
    report(name, "Shift+Tab does not leave the picture");
  await full("scale-fit");
}

/**
 * Two fingers zoom the picture and the button ends that. `pointer` returns what the customer's
 * program hears of the advisor's pointer; null means that the advisor only looks.
 */
async function checkPinch(name, page, test, pointer) {
  const cdp = await page.context().newCDPSession(page);
  const touch = (type, ...points) =>
    cdp.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
  /** Two fingers move from one pair of points to another. */
  const fingers = async (from, to) => {
    await touch("touchStart", from[0]);
    await touch("touchStart", ...from);
    for (let i = 1; i <= 10; i++)
      await touch("touchMove", ...from.map((p, k) => p.map((v, axis) => v + ((to[k][axis] - v) * i) / 10)));
    await touch("touchEnd");
  };
  const tap = async (at) => {
    await touch("touchStart", at);
    await touch("touchEnd");
  };
  const picture = () =>
    page.evaluate(() => {
      const { x, y, width, height } = document.querySelector("canvas").getBoundingClientRect();
      return { x, y, width, height, page: [visualViewport.scale, scrollX, scrollY].join() };
    });
  const part = (p, [x, y]) => [(x - p.x) / p.width, (y - p.y) / p.height];
  const near = (a, b, by) => a.every((v, i) => Math.abs(v - b[i]) <= by);
  /**
   * Taps until a click of the pointer's first button arrives, and returns what the program heard.
   * noVNC takes fingers for something else if a busy machine stops them for a while.
   */
  const heard = async (at) => {
    const all = [];
    for (let tries = 0; tries < 20; tries++) {
      await tap(at);
      for (let waits = 0; waits < 20; waits++) {
        all.push(...(await pointer()));
        if (all.some((e, i) => e.buttons === 0 && all[i - 1]?.buttons === 1)) return all;
        await page.waitForTimeout(50);
      }
    }
    throw new Error(name + ": no tap arrives");
  };
  /** Moves two fingers until that has had an effect. */
  const untilSeen = async (what, from, to, seen) => {
    for (let tries = 0; tries < 20; tries++) {
      await fingers(from, to);
      if (await seen()) return;
      await page.waitForTimeout(300); // for an effect that comes late
      if (await seen()) return;
    }
    report(name, what);
  };
  const before = await picture();
  if (pointer) {
    const wheel = async () => (await heard([640, 400])).some((e) => e.buttons === 8);
    await untilSeen("two fingers are not the customer's wheel", [[500, 400], [600, 400]], [[500, 600], [600, 600]], wheel); // prettier-ignore
  }
  const isZoomed = async () => (await picture()).width > before.width + 1;
  await untilSeen("two fingers do not zoom", [[350, 300], [450, 300]], [[250, 300], [550, 300]], isZoomed); // prettier-ignore
  await test("zoom-reset").waitFor();
  const zoomed = await picture();
  const zoom = zoomed.width / before.width;
  if (zoom < 2 || zoom > 3) report(name, `the zoom is ${zoom}`);
  if (!near(part(before, [400, 300]), part(zoomed, [400, 300]), 0.02)) report(name, "the zoom is not around the fingers");
  if (zoomed.page !== before.page) report(name, "the page itself was zoomed: " + zoomed.page);
  const hasMoved = async () => Math.abs((await picture()).x - zoomed.x) > 20;
  await untilSeen("two fingers do not move the picture", [[500, 400], [600, 400]], [[560, 440], [660, 440]], hasMoved); // prettier-ignore
  const moved = await picture();
  if (!near([moved.x - zoomed.x, moved.y - zoomed.y, moved.width], [60, 40, zoomed.width], 12))
    report(name, "two fingers do not move the zoomed picture");
  if (pointer) {
    const all = await heard([700, 350]);
    if (all.some((e) => e.buttons > 7)) report(name, "the customer's wheel turned");
    const [across, down] = part(moved, [700, 350]);
    const size = await page.evaluate(() => [document.querySelector("canvas").width, document.querySelector("canvas").height]);
    const { x, y } = all.at(-1);
    if (!near([x, y], [across * size[0], down * size[1]], 1.5)) report(name, `the pointer is at ${x}, ${y} while zoomed`);
  }
  // The whole picture again.
  await untilSeen("two fingers do not zoom back", [[100, 300], [700, 300]], [[350, 300], [450, 300]], async () => !(await isZoomed())); // prettier-ignore
  await test("zoom-reset").waitFor({ state: "hidden" });
  await untilSeen("two fingers do not zoom again", [[390, 300], [410, 300]], [[50, 300], [1050, 300]], isZoomed); // prettier-ignore
  await test("zoom-reset").waitFor();
  const most = (await picture()).width / before.width;
  if (Math.abs(most - 5) > 0.05) report(name, `the largest zoom is ${most}`);
  await test("zoom-reset").click();
  await test("zoom-reset").waitFor({ state: "hidden" });
  if (JSON.stringify(await picture()) !== JSON.stringify(before)) report(name, "the button does not show the whole picture");
  await cdp.detach();
}
