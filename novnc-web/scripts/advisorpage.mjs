// Tests of the advisor's page in a real Chromium: `npm run pages`. A puppet plays the customer's
// program. In each language and size, in every state:
//
// - The picture of the customer's screen has at least 92 % of the window, and all of it in full
//   screen. It never moves and never changes its size, whatever the advisor is told.
// - No button of the bar moves, from the first state with a customer to the last.
// - axe-core finds nothing that WCAG 2.2 AA forbids.
// - No script fails, no page is wider than its window, every control has a name, and no id occurs
//   twice.
//
// `npm run pages -- --table` also prints what was measured.

import { walkAdvisor, walkJoining } from "./advisorstates.mjs";
import { checkAccess, checkWidth, close, report } from "./stand.mjs";

const table = process.argv.includes("--table");

/** Where things are on the page. */
const places = (page) =>
  page.evaluate(() => {
    const rect = (e) => {
      const { x, y, width, height } = e.getBoundingClientRect();
      return [x, y, width, height].map((v) => Math.round(v * 10) / 10).join(" ");
    };
    const seen = (e) => e.checkVisibility({ visibilityProperty: true });
    const controls = [...document.querySelectorAll("button, input, select, textarea, a[href], summary")].filter(seen);
    const name = (e) =>
      e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.[0]?.textContent.trim() || e.placeholder || "";
    const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
    const canvas = document.querySelector('[data-testid="view-canvas"] canvas');
    const box = canvas && seen(canvas) ? canvas.getBoundingClientRect() : null;
    return {
      picture: box && rect(canvas),
      share: box && (100 * box.width * box.height) / (innerWidth * innerHeight),
      bar: [...document.querySelectorAll(".bar button")].filter(seen).map((e) => [e.dataset.testid, rect(e)]),
      nameless: controls.filter((e) => name(e) === "").map((e) => e.outerHTML.slice(0, 100)),
      twice: ids.filter((id, i) => ids.indexOf(id) !== i),
    };
  });

let states = 0;

async function check(lang, [width, height], dark) {
  const look = `${lang}, ${width}×${height}`;
  let picture = "";
  const bar = new Map();
  let least = 100;
  const seen = async (page, state) => {
    states++;
    const name = `advisor ${state}, ${look}`;
    await checkWidth(page, name);
    if (width === 1280 && lang !== "fr") await checkAccess(page, name);
    const now = await places(page);
    for (const control of now.nameless) report(name, "a control without a name: " + control);
    for (const id of now.twice) report(name, `the id ${id} occurs twice`);
    if (/^(seen|control)/.test(state)) {
      if (!now.picture) return report(name, "no picture");
      if (picture !== "" && now.picture !== picture) report(name, `the picture moved from ${picture} to ${now.picture}`);
      picture = now.picture;
      least = Math.min(least, now.share);
      if (now.share < 92) report(name, `the picture has ${now.share.toFixed(1)} % of the window`);
    }
    if (state === "full-screen" && now.share < 99.9) report(name, `the picture has ${now.share.toFixed(1)} %`);
    if (["waiting", "ended", "full-screen", "invited", "joining-wrong"].includes(state)) return;
    for (const [button, at] of now.bar) {
      const before = bar.get(button);
      if (before && before !== at) report(name, `${button} moved from ${before} to ${at}`);
      bar.set(button, at);
    }
  };
  await walkAdvisor(`advisor, ${look}`, { lang, dark, size: { width, height } }, seen, [width, height]);
  await walkJoining({ lang, dark, size: { width, height } }, seen);
  if (table) console.log(`${look}: the picture has ${least.toFixed(1)} %, ${bar.size} buttons in the bar, 0 px moved`);
}

let failed = true;
try {
  for (const lang of ["en", "de", "fr"]) {
    await check(lang, [1280, 800], lang === "de");
    if (table || lang === "de") await check(lang, [1920, 1080], false); // the longest words
  }
  failed = false;
} finally {
  const problems = await close();
  console.log(problems === 0 ? `${states} states seen` : `${problems} problems`);
  process.exitCode = problems === 0 && !failed ? 0 : 1;
}
