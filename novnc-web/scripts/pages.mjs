// Component tests of the panel in a real Chromium: `npm run pages`. Each state of states.mjs is
// opened in each language, and then reached from other states.
//
// - No script fails, the browser complains of nothing, and no page is wider than its window.
// - Each control that can be seen has a name, and no id occurs twice.
// - axe-core finds nothing that WCAG 2.2 AA forbids, in light (English) and dark colours (German).
// - What a page shows depends on the last snapshot only, not on those before it.
// - Where the program asks in its own window, the page offers no yes. End is always there.
// - When the advisor writes, nothing but the middle of the page changes. An address in it opens
//   only after a question.
// - A file that the customer accepted is listed with a link, which saves it and leaves the page
//   where it is; he can stop each file.
// - In a small window nothing scrolls but the lists of a chooser and of files. In a small and in a
//   wide window, the buttons that stop something have the same place in all states.

import { checkAccess, checkWidth, close, mock, open, pushPanel, report, smallWindow, wideWindow } from "./stand.mjs";
import { panelStates } from "./states.mjs";

/** What a person sees and can press; countdowns are left out. */
const look = (page) =>
  page.evaluate(() => {
    const seen = [...document.querySelectorAll("button, input, select, textarea, a[href], summary")].filter((e) =>
      e.checkVisibility({ visibilityProperty: true }),
    );
    const name = (e) =>
      e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.[0]?.textContent.trim() || e.placeholder || "";
    const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
    return {
      words: document.body.innerText.replace(/\d+/g, "0"),
      controls: seen.map(
        (e) => `${e.dataset.testid ?? e.localName} ${e.disabled ? "off" : "on"} ${name(e).replace(/\d+/g, "0")}`,
      ),
      nameless: seen.filter((e) => name(e) === "").map((e) => e.outerHTML.slice(0, 100)),
      twice: ids.filter((id, i) => ids.indexOf(id) !== i),
      title: document.title,
      files: [...document.querySelectorAll('a[href*="/file/"]:not([data-testid="recording-save"])')].map((e) =>
        e.getAttribute("href"),
      ),
      foreign: document.querySelectorAll("#page script, #page img[onerror], #page b").length,
    };
  });

function check(name, snapshot, { nameless, twice, controls, foreign, files }) {
  const live = ["joined", "away"].includes(snapshot.phase);
  for (const control of nameless) report(name, "a control without a name: " + control);
  for (const id of twice) report(name, `the id ${id} occurs twice`);
  if (foreign > 0) report(name, "a text from elsewhere became markup");
  const usable = (testid) => controls.some((c) => c.startsWith(testid + " on"));
  if (snapshot.question?.window && usable("question-allow")) report(name, "the page offers a yes beside the question window");
  if (snapshot.question && !usable("question-refuse")) report(name, "the page offers no no");
  if (live && !usable("end")) report(name, "there is no button that ends the session");
  const open = live && !snapshot.question && snapshot.files?.some((f) => f.state === "accepted" && f.key?.length === 43);
  if (files.join() !== (open ? "/file/" + "k".repeat(43) : "")) report(name, `links to the files ${files}`);
}

/** Buttons that must not move, also when something else comes or goes. */
const steady = ["end", "pause", "share-change", "take-control", "details"];

/** What a small window has to scroll, and where the steady buttons are. */
const measure = (page) =>
  page.evaluate((ids) => {
    const root = document.documentElement;
    const scrolls = (e) => e.scrollHeight > e.clientHeight && /auto|scroll/.test(getComputedStyle(e).overflowY);
    const scrolling = [...document.querySelectorAll("#page *")].filter((e) => scrolls(e) && !e.matches(".options, .file-list"));
    const place = (e) => {
      const { x, y, width, height } = e.getBoundingClientRect();
      return [x, y, width, height].map((n) => Math.round(n * 100) / 100).join(" ");
    };
    const found = ids.map((id) => [id, document.querySelector(`[data-testid="${id}"]`)]).filter(([, e]) => e?.checkVisibility());
    return {
      height: root.scrollHeight - root.clientHeight,
      scrolling: scrolling.map((e) => `${e.className} by ${e.scrollHeight - e.clientHeight}`),
      places: found.map(([id, e]) => [id, place(e)]),
      // A person must be able to press it, and the text must not be cut off.
      small: found.filter(([id, e]) => id !== "details" && e.clientHeight < 40).map(([id]) => id),
      cut: found.filter(([, e]) => e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1).map(([id]) => id),
    };
  }, steady);

/** Where the steady buttons were first, for each size of window. */
const firstPlaces = { small: new Map(), wide: new Map() };

function checkSteady(name, size, found) {
  const places = firstPlaces[size];
  for (const [id, place] of found) {
    const first = places.get(id) ?? { name, place };
    places.set(id, first);
    if (place !== first.place) report(name, `the button ${id} is at ${place}, but at ${first.place} in ${first.name}`);
  }
}

/** Checks the small window. `mayScroll`: details are open, which may be long. */
async function checkPlaces(page, name, mayScroll = false) {
  const { height, scrolling, places: found, small, cut } = await measure(page);
  if (height > 0) report(name, `the page is ${height} pixels higher than its window`);
  if (!mayScroll) for (const what of scrolling) report(name, "scrolls: " + what);
  for (const id of small) report(name, `the button ${id} is too small`);
  for (const id of cut) report(name, `the words of the button ${id} do not fit`);
  checkSteady(name, "small", found);
}

/** Opens what can be opened in the middle of the page. */
async function checkOpened(page, name, snapshot) {
  for (const [button, opened] of [
    ["share-change", "share-editor"],
    ["details", "details-list"],
    ["chat", "chat-part"],
    ["files", "files-part"],
  ]) {
    const open = page.locator(`[data-testid="${button}"]:not([disabled])`);
    if (snapshot.question || (await open.count()) === 0) continue;
    if ((await page.getByTestId(opened).count()) === 0) await open.click();
    await page.getByTestId(opened).waitFor();
    // The same structure in each language.
    if (snapshot.lang === "en") await checkAccess(page, `${name}, ${opened}`);
    await checkPlaces(page, `${name}, ${opened}`, opened !== "share-editor");
    const looking = await page.locator('[data-testid="viewers"] li').count();
    if (snapshot.direction !== "customer" && looking > 0) report(name, "lists viewers although nothing is seen");
    await page.keyboard.press("Escape");
    await page.getByTestId(opened).waitFor({ state: "detached" });
  }
}

/** The advisor writes, and the customer answers. */
async function checkChat(page, lang, { controlled, ended }) {
  const name = `panel chat, ${lang}`;
  mock.panel = controlled;
  mock.sent.length = 0;
  await page.reload();
  await drawn(page, 1, controlled);
  const line = (id, by, text, tag = 0) => ({ id, by, time: new Date().toISOString(), text, tag });
  const words = ["<b>Guten Tag!</b>", "https://support.example.com/a?b=c", "Noch eine lange Zeile. ".repeat(20)];
  pushPanel({ type: "chat", lines: words.map((text, i) => line(i + 1, "advisor", text)) });
  await page.getByTestId("chat-part").waitFor(); // it opens by itself
  if (lang !== "fr") await checkAccess(page, name);
  await checkPlaces(page, name, true);
  check(name, controlled, await look(page));
  await page.getByTestId("chat-link").click();
  await page.waitForFunction(() => document.activeElement?.dataset.testid === "confirm-no");
  if (lang !== "fr") await checkAccess(page, name + ", address");
  if ((await page.getByTestId("chat-address").textContent()) !== words[1]) report(name, "shows another address");
  await page.keyboard.press("Escape");
  await page.getByTestId("confirm").waitFor({ state: "detached" });
  await page.getByTestId("chat-text").fill("Danke!");
  await page.keyboard.press("Enter");
  while (mock.sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const { type, text, tag } = mock.sent.shift();
  if (type !== "chat" || text !== "Danke!") report(name, `sent ${type} ${text}`);
  pushPanel({ type: "chat", lines: [line(4, "customer", text, tag)] });
  await page.waitForFunction(() => document.querySelector('[data-testid="chat-text"]').value === "");
  pushPanel(ended);
  await page.getByTestId("chat-past").waitFor();
  await checkWidth(page, name + ", ended");
  check(name + ", ended", ended, await look(page));
}

/** The customer saves a file, and stops others. */
async function checkFiles(page, lang, { files, silenced }) {
  const name = `panel files, ${lang}`;
  mock.panel = files;
  mock.sent.length = 0;
  await page.reload();
  await page.getByTestId("files-part").waitFor(); // it opens by itself
  const address = page.url();
  // The list ignores presses until a person can have seen it.
  await page.clock.setFixedTime(Date.now() + 5000);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId("file-save").click()]);
  if (download.suggestedFilename() !== "saved.exe") report(name, `saved ${download.suggestedFilename()}`);
  if (page.url() !== address) report(name, `the page went to ${page.url()}`);
  await download.delete();
  for (const [button, file] of [
    ["file-drop", "file4"],
    ["file-stop", "file2"],
  ]) {
    await page.getByTestId(button).click();
    while (mock.sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const sent = mock.sent.shift();
    if (sent.type !== "fileStop" || sent.file !== file) report(name, `${button} sent ${JSON.stringify(sent)}`);
  }
  // Closed, the notice and the button in the first line both open it again.
  await page.keyboard.press("Escape");
  await page.getByTestId("files-show").click();
  await page.getByTestId("files-close").click();
  await page.getByTestId("files").click();
  await page.getByTestId("files-part").waitFor();
  // "Ask me again" is offered for files like for all else.
  pushPanel({ ...silenced, seq: files.seq + 1 });
  await page.getByTestId("details").click();
  await page.locator('[data-testid="ask-again"][data-right="files"]').click();
  while (mock.sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const { type, right, on } = mock.sent.shift();
  if (type !== "silence" || right !== "files" || on !== false) report(name, `sent ${type} ${right} ${on}`);
}

/** Runs in the page: counts the snapshots that it has received. */
function countSnapshots() {
  window.snapshots = 0;
  window.WebSocket = new Proxy(WebSocket, {
    construct(target, [address, ...more]) {
      const socket = new target(address, ...more);
      if (String(address).endsWith("/api/events")) socket.addEventListener("message", () => window.snapshots++);
      return socket;
    },
  });
}

/**
 * Waits until the page has drawn `n` snapshots, the last of which is given: it draws one in the
 * task in which it arrives. The advisor's screen comes later.
 */
async function drawn(page, n, { phase, rights }) {
  await page.waitForFunction((want) => window.snapshots >= want, n);
  if (phase === "joined" && rights.show) await page.locator(".show-words").waitFor({ state: "hidden" });
}

/** A generator of numbers below n, the same in each run. */
function draws(seed) {
  let state = seed;
  return (n) => (state = (state * 1103515245 + 12345) % 2147483648) % n;
}

let states = 0;
try {
  for (const lang of ["en", "de", "fr"]) {
    const all = Object.entries(panelStates(lang));
    const fresh = new Map();
    const page = await open(
      `panel, ${lang}`,
      { lang, dark: lang === "de", size: smallWindow, script: countSnapshots },
      "/panel#t=x",
    );
    for (const [state, snapshot] of all) {
      const name = `panel ${state}, ${lang}`;
      mock.panel = snapshot;
      await page.reload();
      await drawn(page, 1, snapshot);
      await checkWidth(page, name);
      const seen = await look(page);
      check(name, snapshot, seen);
      if (lang !== "fr") await checkAccess(page, name); // the same structure, in colours checked already
      await checkPlaces(page, name);
      await checkOpened(page, name, snapshot);
      fresh.set(state, seen);
      states++;
    }
    await checkChat(page, lang, Object.fromEntries(all));
    await checkFiles(page, lang, Object.fromEntries(all));
    // The same states in another order on one page, in a wide window. A session that is over never
    // goes on. The order matters in no language more than in another.
    if (lang !== "de") {
      await page.context().close();
      continue;
    }
    await page.setViewportSize(wideWindow);
    const draw = draws(7);
    const live = all.filter(([, s]) => s.phase !== "ended");
    mock.panel = live[0][1];
    await page.reload();
    await drawn(page, 1, live[0][1]);
    let before = live[0][0];
    for (let seq = 2; seq < 2 + 2 * live.length; seq++) {
      const [state, snapshot] = live[draw(live.length)];
      pushPanel({ ...snapshot, seq, question: snapshot.question && { ...snapshot.question, id: String(seq) } });
      await drawn(page, seq, snapshot);
      checkSteady(`panel ${state}, wide, ${lang}`, "wide", (await measure(page)).places);
      const [seen, want] = [await look(page), fresh.get(state)];
      // A list of files that is open keeps its order.
      const list = before.startsWith("files") && state.startsWith("files");
      for (const what of list ? ["title"] : ["words", "controls", "title"])
        if (String(seen[what]) !== String(want[what]))
          report(`panel ${state} after ${before}, ${lang}`, `${what}: ${seen[what]}\n  instead of: ${want[what]}`);
      before = state;
      states++;
    }
    await page.context().close();
  }
} finally {
  const problems = await close();
  console.log(problems === 0 ? `${states} states seen` : `${problems} problems`);
  process.exitCode = problems === 0 ? 0 : 1;
}
