// Renders pages and states from canned snapshots into a folder:
//   npm run build && node scripts/screenshots.mjs OUT
// Nothing real is needed: stand.mjs plays the gateway and the agent.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { checkWidth, close, files, gateway, mock, open, smallWindow } from "./stand.mjs";
import { walkAdvisor } from "./advisorstates.mjs";
import { panelStates } from "./states.mjs";

const out = process.argv[2];
if (!out) throw new Error("usage: node scripts/screenshots.mjs FOLDER");
await mkdir(out, { recursive: true });

async function take(page, name) {
  await page.waitForTimeout(250);
  await checkWidth(page, name);
  await page.screenshot({ path: join(out, name + ".png"), fullPage: true });
}

async function shot(name, { path, prepare, ...look }) {
  const page = await open(name, look, path);
  await prepare?.(page);
  await take(page, name);
  await page.context().close();
}

/** What the advisor sees of a customer whose program says this and that. */
const advisorStates = (look, suffix) =>
  walkAdvisor(`advisor-${suffix}`, look, (page, state) => take(page, `advisor-${state}-${suffix}`));

/** A customer who shares from the page, with the real advisor's page at the other end. */
async function sharingStates(look, suffix) {
  gateway.reset();
  mock.signedIn = true;
  mock.sessions = [];
  const name = (state) => `sharing-${state}-${suffix}`;
  const advisor = await open("advisor", look, "/advisor");
  await advisor.getByTestId("new-session").click();
  const number = await advisor.getByTestId("number").textContent();
  const page = await open(name("page"), look, "/");
  await page.getByTestId("share-here").click();
  await page.getByTestId("number-form").waitFor();
  await take(page, name("number"));
  await page.getByTestId("number").fill(number);
  await page.getByTestId("number-submit").click();
  await page.getByTestId("now").waitFor();
  await take(page, name("joined"));
  await take(advisor, `advisor-browser-${suffix}`);
  const allows = async () => {
    await page.locator('[data-testid="question-allow"]:not([disabled])').waitFor();
    await page.getByTestId("question-allow").click();
  };
  await advisor.getByTestId("show-screen").click();
  await page.locator('[data-testid="question"][data-right="show"]').waitFor();
  await page.waitForTimeout(700);
  await take(page, name("question-show"));
  await allows();
  await page.getByTestId("show-screen").locator("canvas").waitFor();
  await page.waitForTimeout(600);
  await take(page, name("showing"));
  await advisor.getByTestId("see-screen").click();
  await page.locator('[data-testid="question"][data-right="view"]').waitFor();
  await page.waitForTimeout(700);
  await take(page, name("question-view"));
  await allows();
  await advisor.locator('[data-testid="view-canvas"][data-phase="shown"]').waitFor();
  await page.getByTestId("thumbnail").waitFor();
  await page.waitForTimeout(500);
  await take(page, name("seen"));
  await take(advisor, `advisor-browser-view-${suffix}`);
  await page.getByTestId("pause").click();
  await advisor.waitForTimeout(400);
  await take(page, name("paused"));
  await take(advisor, `advisor-browser-paused-${suffix}`);
  await page.getByTestId("end").click();
  await page.getByTestId("record").waitFor();
  await take(page, name("ended"));
  await page.context().close();
  await advisor.context().close();
}

const only = process.argv[3]; // one look, while working on it
const looks = [
  { suffix: "de", lang: "de" },
  { suffix: "de-dark", lang: "de", dark: true },
  { suffix: "en", lang: "en" },
  { suffix: "en-dark", lang: "en", dark: true },
  { suffix: "fr", lang: "fr" },
  { suffix: "de-phone", lang: "de", phone: true },
  { suffix: "en-dark-phone", lang: "en", dark: true, phone: true },
  { suffix: "fr-phone", lang: "fr", phone: true },
];

let problems;
try {
  for (const { suffix, ...look } of looks.filter((l) => !only || l.suffix === only)) {
    for (const [name, snapshot] of Object.entries(panelStates(look.lang))) {
      mock.panel = snapshot;
      const showing = snapshot.rights?.show && snapshot.phase === "joined";
      await shot(`panel-${name}-${suffix}`, {
        ...look,
        size: smallWindow,
        path: "/panel#t=x",
        prepare: (page) => showing && page.locator(".show-words").waitFor({ state: "hidden" }),
      });
    }
    mock.downloads = [];
    await shot(`customer-none-${suffix}`, { ...look, path: "/" });
    mock.downloads = files;
    await shot(`customer-${suffix}`, { ...look, path: "/#p=4821" });
    mock.signedIn = false;
    await shot(`advisor-signin-${suffix}`, { ...look, path: "/advisor" });
    mock.signedIn = true;
    mock.sessions = [{ place: "7310", state: "joined", since: "2026-01-01T11:00:00Z", expires: "2026-01-01T23:00:00Z" }];
    await shot(`advisor-empty-${suffix}`, { ...look, path: "/advisor" });
    await advisorStates(look, suffix);
    await sharingStates(look, suffix);
  }
} finally {
  problems = await close();
}
console.log(problems === 0 ? `pictures are in ${out}` : `${problems} problems`);
process.exitCode = problems === 0 ? 0 : 1;
