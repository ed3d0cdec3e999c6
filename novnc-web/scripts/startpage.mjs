// Component tests of the customer's start page in a real Chromium; the second part of
// `npm run pages`. Alone: node scripts/startpage.mjs [FOLDER for pictures]
//
// - No more than 60 words can be seen, in each language, on each system, invited or not.
// - Both ways to get help are in the window without scrolling, on a desktop and on a phone.
// - No page is wider than its window, each control has a name, headings are in order.
// - axe-core finds nothing that WCAG 2.2 AA forbids, in light (English) and dark colours (German).
// - What a person opened, and the focus, survive drawing again.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { checkAccess, checkWidth, close, files, mock, open, report } from "./stand.mjs";

const maxWords = 60;
const desktop = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };
const narrow = { width: 360, height: 640 };
/** What is left of a window of 1280 by 800 at a zoom of 200 %. */
const zoomed = { width: 640, height: 400 };

const chrome = (system) => `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36`;
const agents = {
  windows: chrome("Windows NT 10.0; Win64; x64"),
  linux: chrome("X11; Linux x86_64"),
  mac: chrome("Macintosh; Intel Mac OS X 10_15_7"),
  phone: chrome("Linux; Android 15; Pixel 9").replace("Safari", "Mobile Safari"),
  unknown: "Mozilla/5.0 (compatible)",
};
const offered = { windows: "lotse-agent.exe", linux: "lotse-agent-linux-amd64", mac: "lotse-agent-darwin-arm64" };
const languages = ["en", "de", "fr"];
const pictures = process.argv[2];

/** Runs in the page of a phone: its browsers capture no screen. */
function noCapture() {
  delete MediaDevices.prototype.getDisplayMedia;
}

/** What a person sees and can press. Runs in the page. */
function look() {
  const seen = (e) => e.checkVisibility({ visibilityProperty: true });
  const walker = document.createTreeWalker(document.getElementById("page"), NodeFilter.SHOW_TEXT);
  const words = [];
  while (walker.nextNode())
    if (seen(walker.currentNode.parentElement))
      words.push(...walker.currentNode.data.split(/\s+/).filter((w) => /[\p{L}\p{N}]/u.test(w)));
  const name = (e) => e.getAttribute("aria-label") || e.textContent.trim();
  const controls = [...document.querySelectorAll("button, a[href], summary, input, select")].filter(seen);
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  return {
    words,
    nameless: controls.filter((e) => name(e) === "").map((e) => e.outerHTML.slice(0, 100)),
    small: controls.filter((e) => e.getBoundingClientRect().height < 24).map((e) => e.outerHTML.slice(0, 100)),
    headings: [...document.querySelectorAll("h1, h2, h3, h4")].filter(seen).map((e) => Number(e.localName[1])),
    twice: ids.filter((id, i) => ids.indexOf(id) !== i),
    lang: document.documentElement.lang,
    title: document.title,
  };
}

/** Checks what holds in every state, and returns the number of words. */
async function check(page, name, lang) {
  const seen = await page.evaluate(look);
  for (const control of seen.nameless) report(name, "a control without a name: " + control);
  for (const control of seen.small) report(name, "a control that is too small for a finger: " + control);
  for (const id of seen.twice) report(name, `the id ${id} occurs twice`);
  if (seen.lang !== lang || seen.title === "") report(name, `language ${seen.lang}, title "${seen.title}"`);
  const { headings } = seen;
  const inOrder = headings[0] === 1 && headings.slice(1).every((level, i) => level > 1 && level <= headings[i] + 1);
  if (!inOrder) report(name, `headings of the levels ${headings}`);
  return seen.words;
}

/** Checks that the words are few, and returns how many they are. */
async function checkWords(page, name, lang) {
  const words = await check(page, name, lang);
  if (words.length > maxWords) report(name, `${words.length} words: ${words.join(" ")}`);
  return words.length;
}

/** Checks that a control can be pressed without scrolling. */
async function aboveTheFold(page, name, testid) {
  const control = page.getByTestId(testid);
  const { x, y, width, height } = (await control.boundingBox()) ?? { x: -1, y: -1, width: 0, height: 0 };
  const size = page.viewportSize();
  if (x < 0 || y < 0 || x + width > size.width || y + height > size.height) report(name, `${testid} is below the fold`);
}

async function take(page, name) {
  if (pictures) await page.screenshot({ path: join(pictures, name + ".png"), fullPage: true });
}

const openAll = (page) => page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));

/** Checks one state in windows of all sizes, folded and unfolded. */
async function checkSizes(page, name, lang, ways) {
  for (const [kind, size] of Object.entries({ desktop, phone })) {
    await page.setViewportSize(size);
    for (const testid of ways) await aboveTheFold(page, `${name}, ${kind}`, testid);
    await checkWidth(page, `${name}, ${kind}`);
    await take(page, `${name}, ${kind}`.replaceAll(", ", "-"));
  }
  if (lang !== "fr") await checkAccess(page, name); // the structure and the colours of the others
  await openAll(page);
  await check(page, `${name}, all open`, lang);
  if (lang !== "fr") await checkAccess(page, `${name}, all open`);
  for (const size of [desktop, zoomed, narrow]) {
    await page.setViewportSize(size);
    await checkWidth(page, `${name}, all open, ${size.width}`);
    await take(page, `${name}, open, ${size.width}`.replaceAll(", ", "-"));
  }
}

/** The system, with and without an invitation. */
async function usual(system, lang) {
  mock.downloads = files;
  const name = `${system}, ${lang}`;
  const script = system === "phone" ? noCapture : null;
  const page = await open(name, { lang, dark: lang === "de", agent: agents[system], script }, "/");
  const first = system === "phone" ? "download-phone" : "download";
  await page.getByTestId(first).waitFor();
  const counts = [await checkWords(page, name, lang)];
  const way = page.getByTestId("share-here");
  if ((await way.count()) !== (system === "phone" ? 0 : 1)) report(name, "showing from the page is offered wrongly");
  if (offered[system] && !(await page.getByTestId(first).getAttribute("href")).endsWith("/" + offered[system]))
    report(name, "another file is offered");
  await page.evaluate(() => (location.hash = "#p=4821"));
  const place = page.getByTestId("invited-place");
  await place.waitFor();
  if ((await place.textContent()) !== "4821 …") report(name, `invited with ${await place.textContent()}`);
  counts.push(await checkWords(page, name + ", invited", lang));
  await checkSizes(page, name + ", invited", lang, system === "phone" ? [first] : [first, "share-here"]);
  await page.context().close();
  return counts;
}

/** States without a download button, each with the words that it begins with. */
async function unusual(lang) {
  const see = async (state, { agent = agents.windows, waits }) => {
    const name = `${state}, ${lang}`;
    const page = await open(name, { lang, dark: lang === "de", agent }, "/#p=4821");
    await page.getByTestId("download-" + waits).waitFor();
    const count = await checkWords(page, name, lang);
    await checkSizes(page, name, lang, ["share-here"]);
    await page.context().close();
    return count;
  };
  const counts = {};
  let list;
  mock.listed = new Promise((resolve) => (list = resolve));
  counts.loading = await see("loading", { waits: "loading" });
  list();
  mock.broken = true;
  counts.unreachable = await see("unreachable", { waits: "unreachable" });
  mock.broken = false;
  mock.downloads = [];
  counts.none = await see("none", { waits: "none" });
  mock.downloads = files.filter((f) => f.os !== "windows");
  counts["not for this"] = await see("not for this", { waits: "notforthis" });
  mock.downloads = files;
  counts.unknown = await see("unknown", { agent: agents.unknown, waits: "notforthis" });
  return counts;
}

const focused = (page) =>
  page.evaluate(() => document.activeElement?.getAttribute("data-testid") ?? document.activeElement?.localName);

/** What a person did survives: open folds, and the focus. */
async function survives() {
  const name = "drawing again";
  mock.downloads = files;
  mock.broken = true;
  const page = await open(name, { lang: "en", agent: agents.windows, size: desktop }, "/#p=4821");
  const want = async (what, got) => (await got) || report(name, what);
  await page.getByTestId("safe").locator("summary").click();
  const isOpen = () => page.getByTestId("safe").evaluate((e) => e.open);
  // Another try fails: the button keeps the focus. The next one finds the download.
  const again = page.getByTestId("download-again");
  await again.focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector('[data-testid="download-unreachable"]'));
  await want("the focus left the button that tries again", (await focused(page)) === "download-again");
  mock.broken = false;
  await page.keyboard.press("Enter");
  await page.getByTestId("download").waitFor();
  await page.waitForFunction(() => document.activeElement?.dataset.testid === "download");
  await want("a fold closed when the list came", isOpen());

  await page.getByTestId("language-de").click();
  await page.waitForFunction(() => document.documentElement.lang === "de");
  await want("the focus left the language", (await focused(page)) === "language-de");
  await want("a fold closed with the language", isOpen());
  await want(
    "the chosen language is not marked",
    page.getByTestId("language-de").evaluate((e) => e.ariaPressed === "true"),
  );

  // The keyboard reaches everything, in the order of the page.
  await page.getByTestId("problems").locator("summary").first().click();
  await page.getByTestId("language-en").focus();
  const stops = [];
  for (let stop = ""; stop !== "advisor-link" && stops.length < 30; stops.push(stop)) {
    await page.keyboard.press("Tab");
    stop = await focused(page);
  }
  const order = [
    "language-de",
    "language-fr",
    "download",
    "share-here",
    "summary",
    "summary",
    "copy-line",
    "summary",
    "advisor-link",
  ];
  await want(`the keyboard stops at ${stops}`, String(stops) === String(order));

  // To the panel and back: everything is as it was, and the focus is where it left.
  await page.getByTestId("share-here").click();
  await page.getByTestId("number-form").waitFor();
  await page.getByTestId("back").click();
  await page.getByTestId("download").waitFor();
  await want("the focus did not come back", (await focused(page)) === "share-here");
  await want("a fold closed on the way back", isOpen());
  await want(
    "the title did not come back",
    page.title().then((title) => title.startsWith("Hilfe erhalten")),
  );
  await page.context().close();
}

/** Pictures only: dark, and with forced colours. */
async function otherColours(lang) {
  for (const [kind, colours] of Object.entries({ dark: { colorScheme: "dark" }, forced: { forcedColors: "active" } })) {
    const page = await open(kind, { lang, agent: agents.windows, size: desktop }, "/#p=4821");
    await page.emulateMedia(colours);
    await page.getByTestId("download").waitFor();
    await take(page, `${kind}-${lang}-desktop`);
    await page.setViewportSize(phone);
    await take(page, `${kind}-${lang}-phone`);
    await page.context().close();
  }
}

if (pictures) await mkdir(pictures, { recursive: true });
const lines = [];
let finished = false;
try {
  for (const lang of languages) {
    const usualCounts = [];
    for (const system of ["windows", "linux", "mac", "phone"])
      usualCounts.push(`${system} ${(await usual(system, lang)).join("/")}`);
    const others = Object.entries(await unusual(lang)).map(([state, n]) => `${state} ${n}`);
    lines.push(`${lang}: ${[...usualCounts, ...others].join(", ")}`);
    if (pictures) await otherColours(lang);
  }
  await survives();
  finished = true;
} finally {
  const problems = await close();
  console.log(`words on the start page (not invited/invited)\n${lines.join("\n")}`);
  console.log(finished && problems === 0 ? "start page seen" : `${problems} problems`);
  process.exitCode = finished && problems === 0 ? 0 : 1;
}
