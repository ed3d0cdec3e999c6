// Presses each button of the panel that stops something, as a hand does, while the program sends
// something new at the worst moment; part of `npm run pages`. Alone: node scripts/stopclicks.mjs
//
// The hand sees the button, moves to it in steps, presses and releases. It never corrects its way.
// - A button at the bottom, and a no, always sends its own message, and nothing else is sent.
// - A button in the middle may be covered by what came. Then nothing is sent, or control is taken
//   back, because that button comes in the lowest part of the middle.
// - Nothing else of the page is pressed.

import { isDeepStrictEqual } from "node:util";
import { close, mock, open, pushPanel, report, smallWindow } from "./stand.mjs";
import { panelStates } from "./states.mjs";

const states = panelStates("de"); // the longest words
const steps = 4;
const moments = ["before the move", "half way", "before the press", "before the release"];

const question = (right, more) => ({ id: "", right, seconds: 47, armed: false, window: true, proposal: null, ...more });
const rights = (s, more) => ({ ...s, rights: { ...s.rights, ...more } });
const seen = (s) => (s.rights.view && !s.paused ? s : null);

const file2 = (s) => s.files?.find((f) => f.id === "file2");
const file4 = (s) => s.files?.find((f) => f.id === "file4");
const changed = (s, file, more) => file && { ...s, files: s.files.map((f) => (f === file ? { ...f, ...more } : f)) };

/** What can come: the snapshot after it, or null if it cannot come now. */
const surprises = {
  "question view": (s) => (s.rights.view ? null : { ...s, question: question("view"), choices: states.seen.choices }),
  "question view here": (s) =>
    s.rights.view ? null : { ...s, question: question("view", { window: false }), choices: states.seen.choices },
  "question control": (s) => seen(s) && { ...s, question: question("control") },
  "question control here": (s) => seen(s) && { ...s, question: question("control", { window: false }) },
  "question clipboard here": (s) => seen(s) && { ...s, question: question("clipboard", { window: false }) },
  "question share here": (s) => seen(s) && { ...s, question: question("share", { window: false }) },
  "question share, own": (s) =>
    seen(s) && { ...s, question: question("share", { window: false, proposal: states["seen-monitor"].share }) },
  "question resume here": (s) => (s.paused ? { ...s, question: question("resume", { window: false }) } : null),
  "question show here": (s) => (s.rights.show ? null : { ...s, question: question("show", { window: false }) }),
  "question file here": (s) => ({
    ...s,
    question: question("files", { window: false, file: states["question-program"].question.file }),
  }),
  "no question": (s) => (s.question ? { ...s, question: null } : null),
  "the question armed": (s) => (s.question ? { ...s, question: { ...s.question, armed: true } } : null),
  "notice hidden": (s) => ({ ...s, notice: "hidden" }),
  "notice shielded": (s) => ({ ...s, notice: "shielded" }),
  "hands on": (s) => ({ ...s, hands: true }),
  "hands off": (s) => (s.hands ? { ...s, hands: false } : null),
  "another share": (s) => seen(s) && { ...s, share: states["seen-monitor"].share },
  "programs shared": (s) => seen(s) && { ...s, share: states["seen-apps"].share },
  "one viewer more": (s) => ({ ...s, viewers: [...s.viewers, ...states.gateway.viewers], line: "gateway" }),
  "control given": (s) => (s.question ? null : seen(s) && rights(s, { control: true })),
  "clipboard given": (s) => (s.question ? null : seen(s) && rights(s, { control: true, clipboard: true })),
  "show begins": (s) => (seen(s) || s.paused ? null : rights({ ...s, direction: "advisor" }, { show: true })),
  // The first line opens the chat in the middle of the page.
  "a line of the chat": (s) => ({ ...s, chat: true }),
  // A file that can be saved opens the list of files there, and comes first in it.
  "a file to save": (s) => (s.question ? null : { ...s, files: [...(s.files ?? []), { ...file4(states.files), id: "new" }] }),
  "a file is being saved": (s) => changed(s, file4(s), { state: "saving", key: "" }),
  "a file is saved": (s) => changed(s, file2(s), { state: "done" }),
  "no choices": (s) => (s.choices && s.rights.view && !s.question ? { ...s, choices: null } : null),
  "connection lost": (s) => ({ ...s, phase: "away", direction: "none", viewers: [] }),
};

const ending = { type: "end" };
const hiding = { type: "pause", on: true };
const taking = (right) => ({ type: "take", right });
const refusing = ({ question: { id } }) => ({ type: "answer", question: id, allow: false });
const silencing = ({ question: { right } }) => ({ type: "silence", right, on: true });
const stopping = (file) => ({ type: "fileStop", file });
const fewer = { type: "share", share: { kind: "apps", monitor: 0, apps: ["a2"], names: [] } };

/** Each button, the states in which it is pressed, and what it sends. */
const buttons = [
  ["end", ["joined", "showing", "seen", "seen-old", "controlled", "paused", "question-control-here"], () => ending],
  ["pause", ["seen", "seen-apps", "controlled", "question-control-here"], () => hiding],
  ["take-control", ["controlled", "hands", "partly-controlled", "question-controlled"], () => taking("control")],
  ["question-refuse", ["question-view", "question-view-here", "question-control-here", "question-widen"], refusing],
  ["take-clipboard", ["controlled"], () => taking("clipboard"), "middle"],
  ["take-view", ["seen-old"], () => taking("view")],
  ["unshare", ["seen-apps"], () => fewer, "middle"],
  ["show-stop", ["showing"], () => taking("show"), "middle"],
  ["file-drop", ["files", "files-controlled"], () => stopping("file4"), "middle"],
  ["file-stop", ["files"], () => stopping("file2"), "middle"],
  ["question-never", ["question-view-here", "question-control-here"], silencing, "middle"],
];

/** Runs in the page: keeps the socket, counts snapshots and lists the buttons that were pressed. */
function watch() {
  window.snapshots = 0;
  window.pressed = [];
  window.WebSocket = new Proxy(WebSocket, {
    construct(target, [address, ...more]) {
      const socket = new target(address, ...more);
      if (!String(address).endsWith("/api/events")) return socket;
      window.events = socket;
      socket.addEventListener("message", () => window.snapshots++);
      return socket;
    },
  });
  const name = (e) => e.closest("[data-testid]")?.dataset.testid ?? e.localName;
  const control = (e) => e.target.closest("button, a, input, label, summary");
  document.addEventListener("click", (e) => control(e) && window.pressed.push(name(control(e))), true);
}

let page;
let seq = 0;
let pushed = 0;

/** Sends a snapshot, or the first line of the chat, and waits until the page has drawn it. */
async function push({ chat, ...snapshot }) {
  const line = { id: 1, by: "advisor", time: "2026-11-30T09:00:00Z", text: "Bitte auf https://example.com/a klicken" };
  pushPanel(chat ? { type: "chat", lines: [line] } : { ...snapshot, seq: ++seq });
  pushed++;
  await page.waitForFunction((want) => window.snapshots >= want, pushed, { polling: 5 });
}

/** What the page sent until now: a message of our own on the same socket comes after all others. */
async function taken() {
  const mark = `mark ${seq}`;
  const pressed = await page.evaluate((type) => {
    window.events.send(JSON.stringify({ type }));
    return window.pressed.splice(0);
  }, mark);
  while (mock.sent.at(-1)?.type !== mark) await new Promise((resolve) => setTimeout(resolve, 1));
  return { pressed, sent: mock.sent.splice(0).slice(0, -1) };
}

/** A question of its own for each try, so that none counts as answered. */
const asked = (s, id) => (s.question ? { ...s, question: { ...s.question, id } } : s);

let tries = 0;
let turn = 0;
const started = Date.now();

async function press(testid, state, surprise, when, wants, middle) {
  const name = `${testid} in ${state}, ${surprise} ${moments[when]}`;
  tries++;
  const before = asked(states[state], `${tries}`);
  const after = asked(surprises[surprise](before), surprise.startsWith("question") ? `new ${tries}` : `${tries}`);
  // The clock stands still during a try, so that no result depends on the machine's speed.
  await page.clock.setFixedTime(started + tries * 60_000);
  await push(before);
  await page.clock.setFixedTime(started + tries * 60_000 + 5000);
  const box = await page.getByTestId(testid).first().boundingBox();
  // A hand does not always hit the middle.
  const at = [0.5, 0.1, 0.9][tries % 3];
  const target = { x: box.x + box.width * at, y: box.y + box.height * at };
  const from = { x: 15, y: 100 };
  const moveTo = (step) =>
    page.mouse.move(from.x + ((target.x - from.x) * step) / steps, from.y + ((target.y - from.y) * step) / steps);
  await page.mouse.move(from.x, from.y);
  await taken();
  if (when === 0) await push(after);
  for (let step = 1; step <= steps; step++) {
    await moveTo(step);
    if (when === 1 && step === steps / 2) await push(after);
  }
  if (when === 2) await push(after);
  await page.mouse.down();
  if (when === 3) await push(after);
  await page.mouse.up();
  const { pressed, sent } = await taken();
  // A no to the next question is a no as well, and one that has gone can be missed.
  const good = [wants(before), ...(before.question && after.question ? [wants(after)] : [])];
  const mayMiss = middle || (testid.startsWith("question") && after.question?.id !== before.question.id);
  const right = sent.length === 1 && good.some((message) => isDeepStrictEqual(message, sent[0]));
  const missed = sent.length === 0 && mayMiss;
  const tookControl = middle && after.rights.control && isDeepStrictEqual(sent, [taking("control")]);
  if (!right && !missed && !tookControl) report(name, `sent ${JSON.stringify(sent)}`);
  // A question that has just come ignores its quiet buttons.
  const harmless = [
    testid,
    ...(tookControl ? ["take-control"] : []),
    ...(mayMiss ? ["question-never", "question-choose"] : []),
    ...(mayMiss && after.chat ? ["chat-send", "chat-close"] : []),
    // A list of files that has just come ignores its buttons and links.
    ...(mayMiss && after.files ? ["file-save", "file-drop", "file-stop", "files-close"] : []),
  ];
  if (missed && (await page.getByTestId("chooser").count()) > 0) report(name, "opened the chooser");
  if (pressed.some((button) => !harmless.includes(button))) report(name, `pressed ${pressed}`);
  if (after.chat) await push(states.number); // a new session has a new chat
}

/** What can come to each state without making the button pointless. */
function comes(testid, state, surprise) {
  const before = states[state];
  const after = surprises[surprise](before);
  if (!after || isDeepStrictEqual(after, before)) return false;
  if (before.question && after.question && surprise.startsWith("question")) return testid === "question-refuse";
  if (surprise === "connection lost") return testid === "end";
  return true;
}

let finished = false;
try {
  mock.panel = { ...states.joined, seq: ++seq };
  page = await open("stop buttons", { lang: "de", size: smallWindow, script: watch }, "/panel#t=x");
  pushed = 1;
  await page.getByTestId("end").waitFor();
  for (const [testid, where, wants, middle] of buttons) {
    for (const surprise of Object.keys(surprises)) {
      // Each surprise at two moments, in one state after the other: in the middle at the last two,
      // otherwise at the other two for the next surprise.
      const fitting = where.filter((state) => comes(testid, state, surprise));
      const odd = (turn += 1) % 2;
      for (const when of fitting.length > 0 ? (middle ? [2, 3] : [odd, 2 + odd]) : [])
        await press(testid, fitting[tries % fitting.length], surprise, when, wants, middle === "middle");
    }
  }
  // A double click on "Hide everything" does not resume.
  await push(states.seen);
  const hide = await page.getByTestId("pause").boundingBox();
  await page.mouse.click(hide.x + hide.width / 2, hide.y + hide.height / 2);
  await push(states.paused);
  await page.mouse.click(hide.x + hide.width / 2, hide.y + hide.height / 2);
  const { sent } = await taken();
  if (!isDeepStrictEqual(sent, [hiding])) report("a double click", `sent ${JSON.stringify(sent)}`);
  finished = true;
} finally {
  const problems = await close();
  console.log(finished && problems === 0 ? `${tries} presses hit their buttons` : `${problems} problems`);
  process.exitCode = finished && problems === 0 ? 0 : 1;
}
