// Renders pages and states from canned snapshots into a folder:
//   npm run build && node scripts/screenshots.mjs OUT
// Nothing real is needed: stand.mjs plays the gateway and the agent.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { checkWidth, close, files, gateway, mock, open } from "./stand.mjs";
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
async function advisorStates(look, suffix) {
  gateway.reset();
  mock.signedIn = true;
  mock.sessions = [];
  const name = (state) => `advisor-${state}-${suffix}`;
  const page = await open(name("session"), look, "/advisor");
  await page.getByTestId("new-session").click();
  const number = (await page.getByTestId("number").textContent()).replaceAll(" ", "");
  const customer = await open("puppet", look, "/puppet");
  const puppet = (what, ...values) => customer.evaluate(([w, v]) => window.puppet[w](...v), [what, values]);
  await customer.waitForFunction(() => window.puppet);
  const none = { view: false, control: false, clipboard: false, files: false, show: false };
  await puppet("say", { direction: "none", rights: none });
  await puppet("enter", number);
  await page.locator('[data-testid="session"][data-phase="joined"]').waitFor();
  await take(page, name("joined"));
  await page.getByTestId("show-screen").click();
  await puppet("say", { direction: "none", rights: none, asked: ["show"] });
  await page.locator('[data-testid="showing"][data-phase="asking"]').waitFor();
  await take(page, name("show-asking"));
  await puppet("say", { direction: "advisor", rights: { ...none, show: true } });
  await page.locator('[data-testid="showing"][data-phase="shown"]').waitFor();
  await take(page, name("show-shown"));
  await puppet("say", { direction: "none", rights: none });
  await page.locator('[data-testid="showing"][data-phase="ended"]').waitFor();
  await take(page, name("show-ended"));
  await page.getByTestId("show-stop").click();
  await page.getByTestId("show-screen").click();
  await page.locator('[data-testid="showing"][data-phase="asking"]').waitFor();
  await puppet("refuse");
  await page.locator('[data-testid="showing"][data-phase="refused"]').waitFor();
  await take(page, name("show-refused"));
  await page.getByTestId("show-stop").click();

  await page.getByTestId("see-screen").click();
  await page.locator('[data-testid="view-canvas"][data-phase="asking"]').waitFor();
  await take(page, name("view-asking"));
  await puppet("allow");
  const viewers = [{ door: "page", line: "sealed", from: "203.0.113.7" }];
  const apps = { kind: "apps", names: ["LibreOffice", "Thunderbird"] };
  await puppet("say", { direction: "customer", rights: { ...none, view: true }, share: apps, viewers });
  await page.locator('[data-testid="view-canvas"][data-phase="shown"]').waitFor();
  await page.waitForTimeout(400);
  await take(page, name("view-apps"));
  await puppet("say", {
    direction: "customer",
    rights: { ...none, view: true },
    share: apps,
    asked: ["control", "share"],
    viewers,
  });
  await take(page, name("asked"));
  const control = { ...none, view: true, control: true };
  await puppet("say", { direction: "customer", rights: control, share: { kind: "screen", names: [] }, hands: true, viewers });
  await take(page, name("hands"));
  for (const notice of ["hidden", "shielded"]) {
    await puppet("say", { direction: "customer", rights: control, share: { kind: "screen", names: [] }, notice, viewers });
    await take(page, name(`notice-${notice}`));
  }
  await puppet("say", { direction: "none", rights: { ...none, view: true }, paused: true, viewers });
  await take(page, name("paused"));
  await customer.context().close();
  await page.context().close();
}

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
        path: "/panel#t=x",
        prepare: (page) => showing && page.locator('[data-testid="show-screen"] canvas').waitFor(),
      });
    }
    mock.downloads = [];
    await shot(`customer-none-${suffix}`, { ...look, path: "/" });
    mock.downloads = files;
    await shot(`customer-${suffix}`, { ...look, path: "/#n=482193057" });
    mock.signedIn = false;
    await shot(`advisor-signin-${suffix}`, { ...look, path: "/advisor" });
    mock.signedIn = true;
    mock.sessions = [{ place: "7310", state: "joined", since: "2026-01-01T11:00:00Z", expires: "2026-01-01T23:00:00Z" }];
    await shot(`advisor-empty-${suffix}`, { ...look, path: "/advisor" });
    gateway.reset();
    await shot(`advisor-waiting-${suffix}`, {
      ...look,
      path: "/advisor",
      prepare: (page) => page.getByTestId("new-session").click(),
    });
    await advisorStates(look, suffix);
    await sharingStates(look, suffix);
  }
} finally {
  problems = await close();
}
console.log(problems === 0 ? `pictures are in ${out}` : `${problems} problems`);
process.exitCode = problems === 0 ? 0 : 1;
