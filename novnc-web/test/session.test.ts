// The advisor's page as the owner of a session, with a hostile gateway.

import { local, session as tab } from "./fakedom.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { Api } from "../src/advisor/api.ts";
import { Session } from "../src/advisor/session.ts";
import { forget, keptSessions, type Kept } from "../src/advisor/store.ts";
import { handshake, Origins, SealedChannel, Tries, type Kind, type SealError, type SealFailure } from "../src/seal/index.ts";
import { FakeSocket, number, playGateway } from "./evilgateway.ts";
import { FakeLine, hex } from "./lines.ts";
import { until } from "./rfbviewer.ts";

const wrong = "482193058";
const stream = (n: number) => String(n).padStart(22, "S");

/** The pages of the running test. An open page would keep the process alive. */
const pages: Page[] = [];
afterEach(() => {
  for (const page of pages.splice(0)) page.session.leave();
});

/** A page with one session. It records what it asks the gateway for. */
class Page {
  readonly session: Session;
  readonly asked: { stream: string; kind: Kind }[] = [];
  ended = 0;

  constructor(kept: Kept = keptSessions()[0] ?? { number, origin: null, viewing: false }) {
    const api = {
      doors: [],
      openStream: (_place: string, kind: Kind) => {
        const id = `asked${FakeSocket.all.length}-${this.asked.length}`.padEnd(22, "x");
        this.asked.push({ stream: id, kind });
        return Promise.resolve(id);
      },
      endSession: () => {
        this.ended++;
        return Promise.resolve();
      },
      sessions: () => Promise.resolve([]),
    };
    this.session = new Session(api as unknown as Api, kept, () => {});
    pages.push(this);
  }
}

const owner = () => FakeSocket.all.findLast((s) => s.url.endsWith("/owner"))!;
const lineOf = (id: string) => FakeSocket.all.find((s) => s.url.includes(id));
const sayState = (state: string, reason = "") => owner().tell({ type: "state", state, reason, foreign: "" });

/**
 * Plays the other end of a stream as an agent that knows the number `digits`. Returns the
 * sealed channel, or the failure's name.
 */
async function beAgent(id: string, kind: Kind, digits: string, origins = new Origins()): Promise<SealedChannel | SealFailure> {
  await until(() => lineOf(id) !== undefined, "stream " + id);
  const socket = lineOf(id)!;
  const line = new FakeLine();
  const early = [...socket.sent];
  [line.peer, socket.peer] = [socket, line];
  const sealed = handshake(line, "agent", { number: digits, kind, stream: id, tries: new Tries(), origins }).catch(
    (e: SealError) => e.failure,
  );
  for (const data of early) line.receive(data);
  return sealed;
}

let entered = 0;

/** Announces, as the gateway, that a customer enters, and plays that customer. */
async function enter(digits: string, origins?: Origins): Promise<SealedChannel | SealFailure> {
  const id = stream(++entered);
  owner().tell({ type: "entering", stream: id });
  const outcome = await beAgent(id, "control", digits, origins);
  const verdict = (said: string) => said.includes(id) && said.includes('"verdict"');
  await until(() => owner().said.some(verdict), "verdict");
  return outcome;
}

const verdicts = () =>
  owner()
    .said.filter((s) => s.includes('"verdict"'))
    .map((s) => s.includes("true"));

beforeEach(() => {
  tab.clear();
  local.clear();
  playGateway();
});

test("of those who enter one gets in, whatever the gateway says", async () => {
  const page = new Page();
  const origins = new Origins();
  assert.ok((await enter(number, origins)) instanceof SealedChannel);
  for (const state of ["waiting", "joined", "waiting"]) {
    sayState(state);
    assert.equal(await enter(number), "burnt", state);
    assert.equal(page.session.attempt, "used");
  }
  assert.deepEqual(verdicts(), [true, false, false, false]);
  assert.equal(page.session.wrongTries, 0);
  // After a reload the page admits nobody else either.
  page.session.leave();
  const again = new Page();
  assert.equal(await enter(number), "burnt");
  again.session.leave();
});

test("streams go back to the customer's exchange, also after a reload, and never to the number alone", async () => {
  const page = new Page();
  const origins = new Origins();
  const first = await enter(number, origins);
  assert.ok(first instanceof SealedChannel);
  assert.equal(page.session.compare, first.compare);
  page.session.leave();
  const again = new Page();
  sayState("joined");
  await until(() => again.asked.length === 1);
  const [control] = again.asked;
  // The page does not seal with an end that knows only the number.
  assert.equal(await beAgent(control!.stream, "control", number), "origin");
  const commit = hex(lineOf(control!.stream)!.sent[0]!);
  assert.ok(commit.startsWith("10003202" + "01" + first.origin.keep().id), commit);
  again.session.leave();

  const third = new Page();
  sayState("joined");
  await until(() => third.asked.length === 1);
  const sealed = await beAgent(third.asked[0]!.stream, "control", number, origins);
  assert.ok(sealed instanceof SealedChannel);
  await until(() => third.session.compare !== "");
  assert.equal(third.session.compare, first.compare);
  third.session.leave();
});

test("three wrong tries burn the number: over reloads, and where the same number is opened again", async () => {
  let page = new Page();
  assert.equal(await enter(wrong), "wrong-number");
  assert.deepEqual([page.session.attempt, page.session.wrongTries], ["wrong", 1]);
  page.session.leave();
  page = new Page();
  assert.equal(page.session.wrongTries, 1);
  assert.equal(await enter(wrong), "wrong-number");
  page.session.leave();
  forget(number);
  tab.clear(); // as in another window
  page = new Page({ number, origin: null, viewing: false });
  assert.equal(page.session.wrongTries, 2);
  assert.equal(await enter(wrong), "wrong-number");
  assert.equal(page.session.phase, "ended");
  assert.equal(page.session.reason, "burnt");
  assert.equal(owner().said.at(-1), '{"type":"burnt"}');
  assert.equal(keptSessions().length, 0);
  // From now on the page admits nobody under this number.
  page = new Page({ number, origin: null, viewing: false });
  assert.equal(await enter(number), "burnt");
});

test("a window that does not know the customer has one try at each stream's other end", async () => {
  const page = new Page({ number, origin: null, viewing: false }); // opened by a link during the session
  sayState("joined");
  await until(() => page.asked.length === 1);
  assert.equal(await beAgent(page.asked[0]!.stream, "control", wrong), "wrong-number");
  await until(() => page.session.phase === "ended");
  assert.equal(page.session.reason, "burnt");
  assert.equal(owner().said.at(-1), '{"type":"burnt"}');
});

test("its first stream proves the number, and the others wait to go back to that", async () => {
  const page = new Page({ number, origin: null, viewing: false });
  sayState("joined");
  page.session.view.open();
  await until(() => page.asked.length === 1);
  const origins = new Origins();
  const control = await beAgent(page.asked[0]!.stream, page.asked[0]!.kind, number, origins);
  assert.ok(control instanceof SealedChannel);
  await until(() => page.asked.length === 2);
  const { stream: id, kind } = page.asked[1]!;
  assert.notEqual(kind, page.asked[0]!.kind);
  const other = await beAgent(id, kind, number, origins);
  assert.ok(other instanceof SealedChannel);
  assert.equal(other.compare, control.compare);
  assert.equal(hex(lineOf(id)!.sent[0]!).slice(8, 10), "01");
  page.session.leave();
});

test("the customer's end tells of a guess at it: the session ends here too, and at the gateway", async () => {
  const page = new Page();
  const customer = await enter(number);
  assert.ok(customer instanceof SealedChannel);
  sayState("joined");
  customer.send(new TextEncoder().encode('{"type":"bye","reason":"burnt"}\n'));
  await until(() => page.session.phase === "ended");
  assert.equal(page.session.reason, "burnt");
  assert.equal(owner().said.at(-1), '{"type":"burnt"}');
});

test("after the customer's goodbye no line to him is opened again, however late the gateway tells of the end", async (t) => {
  const page = new Page();
  const customer = await enter(number);
  assert.ok(customer instanceof SealedChannel);
  sayState("joined");
  await until(() => page.session.phase === "joined");
  t.mock.timers.enable({ apis: ["setTimeout"] });
  customer.send(new TextEncoder().encode('{"type":"bye","reason":"customer"}\n'));
  while (page.session.canAsk) await new Promise((resolve) => setImmediate(resolve));
  t.mock.timers.tick(60_000);
  assert.deepEqual(page.asked, []);
  sayState("ended", "customer");
  while (page.session.phase !== "ended") await new Promise((resolve) => setImmediate(resolve));
  assert.equal(page.session.reason, "customer");
});

test("a gateway that plays the customer's end has three guesses in all, in whatever order and however often the page is opened", async () => {
  for (let seed = 1; seed <= 4; seed++) {
    tab.clear();
    local.clear();
    playGateway();
    let random = seed;
    const draw = (n: number) => (random = (random * 48271) % 2147483647) % n;
    let page = new Page({ number, origin: null, viewing: false });
    let guesses = 0;
    for (let i = 0; i < 12; i++) {
      if (page.session.phase === "ended") page = new Page({ number, origin: null, viewing: false });
      if (draw(2) === 0) {
        page.session.leave();
        if (draw(2) === 0) tab.clear();
        page = new Page(keptSessions()[0] ?? { number, origin: null, viewing: false });
      }
      if (draw(3) === 0) {
        // The gateway claims that a customer has joined, and the page requests a stream.
        const before = page.asked.length;
        sayState("joined");
        await until(() => page.asked.length > before || page.session.phase === "ended");
        const asked = page.asked.at(-1);
        if (asked && (await beAgent(asked.stream, "control", wrong)) === "wrong-number") guesses++;
        await until(() => page.session.phase === "ended"); // on a later stream one wrong try ends the session
      } else if ((await enter(wrong)) === "wrong-number") guesses++;
    }
    page.session.leave();
    assert.ok(guesses <= 3 && guesses > 0, `${guesses} guesses`);
  }
});

test("what was typed for the customer survives a reload, for its session, and not the session's end", async () => {
  const page = new Page();
  page.session.chat.type("half a sent");
  page.session.leave();
  const other = new Page({ number: "593104168", origin: null, viewing: false });
  assert.equal(other.session.chat.draft, "");
  const again = new Page(keptSessions().find((k) => k.number === number));
  assert.equal(again.session.chat.draft, "half a sent");
  sayState("ended", "advisor");
  await until(() => again.session.phase === "ended");
  again.session.chat.type("too late");
  assert.deepEqual(
    keptSessions().map((k) => k.number),
    ["593104168"],
  );
});

test("a file is offered again after a lost line, and goes through a stream of its own", async () => {
  const page = new Page();
  const { session } = page;
  const origins = new Origins();
  const customer = await enter(number, origins);
  assert.ok(customer instanceof SealedChannel);
  sayState("joined");
  await until(() => session.phase === "joined");
  const said: string[] = [];
  const listen = (channel: SealedChannel) =>
    (channel.onmessage = ({ data }) => said.push(...new TextDecoder().decode(data).trimEnd().split("\n")));
  const say = (channel: SealedChannel, message: object) => channel.send(new TextEncoder().encode(JSON.stringify(message) + "\n"));
  listen(customer);
  assert.equal(session.cannotOffer, "connection"); // there was no hello yet
  say(customer, { type: "hello", customer: {}, program: "browser" });
  await until(() => session.customer !== null);
  assert.equal(session.cannotOffer, "browser");
  say(customer, { type: "hello", customer: {}, files: true });
  await until(() => session.cannotOffer === "");
  const file = Object.assign(new Blob(["hello"]), { name: "a.txt" });
  session.files.offer([{ file, folder: false }]);
  const offer = JSON.stringify({ type: "file", id: session.files.all[0]!.id, name: "a.txt", size: 5 });
  await until(() => said.includes(offer));
  customer.close();
  await until(() => page.asked.length === 1);
  const again = await beAgent(page.asked[0]!.stream, "control", number, origins);
  assert.ok(again instanceof SealedChannel);
  said.length = 0;
  listen(again);
  say(again, { type: "hello", customer: {}, files: true });
  await until(() => said.includes(offer));
  say(again, { type: "fileState", id: session.files.all[0]!.id, state: "wanted" });
  await until(() => page.asked.length === 2);
  assert.equal(page.asked[1]!.kind, "file");
  const stream = await beAgent(page.asked[1]!.stream, "file", number, origins);
  assert.ok(stream instanceof SealedChannel);
  let got = "";
  stream.onmessage = ({ data }) => {
    got += new TextDecoder("latin1").decode(data);
    if (got.endsWith("}\n")) stream.send(new Uint8Array(8));
  };
  await until(() => got.length >= 34 + 5 + 32);
  assert.ok(got.startsWith(`{"file":"${session.files.all[0]!.id}"}\nhello`), got);
  session.leave();
  assert.equal(session.files.all[0]!.why, "over");
  assert.deepEqual(
    session.events.map((event) => "file" in event && event.file).filter((f) => f !== "sending"),
    ["accepted", "over"],
  );
});

test("ending stops what is seen and shown at once, and does not wait for the customer for long", async () => {
  const page = new Page();
  const customer = await enter(number, new Origins());
  assert.ok(customer instanceof SealedChannel);
  let heard = "";
  const toldGateway = () => owner().said.some((s) => s.includes('"end"'));
  let first = ""; // who hears of the end first
  customer.onmessage = ({ data }) => {
    heard += new TextDecoder().decode(data);
    if (heard.includes('"end"')) first ||= toldGateway() ? "gateway" : "customer";
  };
  sayState("joined");
  const { session } = page;
  await until(() => heard.includes('"hello"'), "the page's hello");
  const stopped: string[] = [];
  session.view.close = () => stopped.push("view");
  session.show.stop = () => stopped.push("show");
  const done = session.end();
  assert.deepEqual(stopped, ["view", "show"]);
  await done;
  // The customer's program could send the last lines of the record before the gateway cut it off.
  assert.equal(first, "customer");
  assert.ok(toldGateway());
  session.leave();
});
