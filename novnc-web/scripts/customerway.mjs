// Prints what each step of the customer's way asks of a person, in each language: the words that
// can be seen and the presses until the step is done. `npm run table` prints it together with what
// advisorpage.mjs measures. No press counts that the page does not act upon.

import { close, files, mock, open, report, smallWindow, wideWindow } from "./stand.mjs";
import { panelStates } from "./states.mjs";

const agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36";

/** The words that can be seen. Runs in the page. */
function countWords() {
  const walker = document.createTreeWalker(document.getElementById("page"), NodeFilter.SHOW_TEXT);
  let words = 0;
  while (walker.nextNode())
    if (walker.currentNode.parentElement.checkVisibility({ visibilityProperty: true }))
      words += walker.currentNode.data.split(/\s+/).filter((w) => /[\p{L}\p{N}]/u.test(w)).length;
  return words;
}

/** Presses buttons in turn, and returns how many they are. */
async function press(page, testids) {
  for (const testid of testids) await page.getByTestId(testid).first().click();
  return testids.length;
}

/** Waits until the panel has sent a message, which must be of this type. */
async function sent(type, name) {
  while (mock.sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const { type: got } = mock.sent.shift();
  if (got !== type) report(name, `sent ${got} instead of ${type}`);
}

async function startPage(lang) {
  const page = await open(`start page, ${lang}`, { lang, agent, size: wideWindow }, "/#p=4821");
  await page.getByTestId("download").waitFor();
  const words = await page.evaluate(countWords);
  const download = page.waitForEvent("download");
  const presses = await press(page, ["download"]);
  await (await download).cancel();
  await page.context().close();
  return { words, presses };
}

const steps = [
  ["number form", "number", ["number-submit"], "enter"],
  ["number form, from a link", "number-confirm", ["number-submit"], "enter"],
  ["question in the program's window", "question-view", [], ""],
  ["question on the page", "question-view-here", ["question-allow"], "answer"],
  ["one program", "question-view-here", ["question-choose", "choose-apps", "choose-app", "question-allow"], "answer"],
  ["control, on the page", "question-control-here", ["question-allow"], "answer"],
  ["end", "controlled", ["end"], "end"],
];

let finished = false;
try {
  mock.downloads = files;
  for (const lang of ["en", "de", "fr"]) {
    const states = panelStates(lang);
    const row = (step, { words, presses }) =>
      console.log([lang, step.padEnd(32), `words ${words}`, `presses ${presses}`].join("  "));
    row("start page", await startPage(lang));
    for (const [step, state, buttons, message] of steps) {
      mock.panel = states[state];
      const page = await open(`${step}, ${lang}`, { lang, size: smallWindow }, "/panel#t=x");
      await page.locator('[data-testid="number-form"], [data-testid="session"]').waitFor();
      const words = await page.evaluate(countWords);
      if (state === "number") await page.getByTestId("number").fill("482 193 057");
      await page.clock.setFixedTime(Date.now() + 5000); // a new question ignores some presses
      const presses = await press(page, buttons);
      if (message) await sent(message, `${step}, ${lang}`);
      row(step, { words, presses });
      await page.context().close();
    }
  }
  finished = true;
} finally {
  const problems = await close();
  process.exitCode = finished && problems === 0 ? 0 : 1;
}
