// The customer's page as the agent, with a hostile advisor and a hostile gateway.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BrowserAgent } from "../src/customer/sharing/agent.ts";
import { ControlEnd } from "../src/customer/sharing/control.ts";
import { HeldChannel } from "../src/customer/sharing/held.ts";
import { Refusals } from "../src/customer/sharing/refusals.ts";
import type { Snapshot } from "../src/panel/snapshot.ts";
import { handshake, SealedChannel, Tries, type Kind } from "../src/seal/index.ts";
import { advise, call, enter, FakeSocket, id, joined, number, playGateway, rig, socket } from "./evilgateway.ts";
import { linePair } from "./lines.ts";
import { until } from "./rfbviewer.ts";

async function pair(kind: Kind): Promise<{ agent: SealedChannel; advisor: SealedChannel }> {
  const [a, b] = linePair();
  const params = { number, kind, stream: "AAAAAAAAAAAAAAAAAAAAAA" };
  const [agent, advisor] = await Promise.all([
    handshake(a, "agent", { ...params, tries: new Tries() }),
    handshake(b, "advisor", { ...params, tries: new Tries() }),
  ]);
  return { agent, advisor };
}

const bytes = (words: string) => new TextEncoder().encode(words);

/** Joins the page as the agent and opens its control stream. `seen` is the page's question. */
async function sharing() {
  playGateway();
  const mediaDevices = { getDisplayMedia: () => Promise.reject(new Error("closed")) };
  Object.defineProperty(globalThis, "navigator", { value: { userAgent: "node", mediaDevices }, configurable: true });
  const page = { seen: null as Snapshot["question"] };
  const agent = new BrowserAgent(
    "en",
    (s) => (page.seen = s.question),
    () => {},
  );
  agent.enter(number);
  await until(() => socket(0)?.said.length === 1);
  socket(0).tell(call("A", "control", "entering"));
  const control = await advise(1, number, "control", id("A"));
  assert.ok(control instanceof SealedChannel);
  socket(0).tell(joined);
  await until(() => agent.busy);
  return { agent, control, page };
}

test("a no counts before the question is armed, a yes does not", async () => {
  const { agent, page } = await sharing();
  socket(0).tell(call("B", "show", "page"));
  const show = await advise(2, number, "show", id("B"));
  assert.ok(show instanceof SealedChannel);
  await until(() => page.seen?.right === "show");
  const question = page.seen!;
  assert.equal(question.armed, false);
  agent.answer(question.id, true);
  assert.equal(page.seen?.id, question.id, "a yes was taken that came too early");
  agent.answer(question.id, false);
  assert.equal(page.seen, null);
  await until(() => show.readyState === 3, "the show's end");
  agent.leave();
});

test("who closes the browser's picker is asked again, and can refuse meanwhile", async () => {
  const { agent, control, page } = await sharing();
  control.send(bytes('{"type":"ask","right":"view"}\n'));
  await until(() => page.seen?.armed === true, "the question");
  const question = page.seen!;
  agent.answer(question.id, true);
  assert.equal(page.seen?.armed, false, "a second yes would count while the picker is open");
  await until(() => page.seen?.armed === true, "the question again");
  assert.equal(page.seen?.id, question.id);
  agent.answer(question.id, true);
  agent.answer(question.id, false);
  assert.equal(page.seen, null);
  agent.leave();
});

/** The messages of a type that an advisor's end receives. */
function received(channel: SealedChannel, type: RegExp): object[] {
  const messages: object[] = [];
  const decoder = new TextDecoder();
  let rest = "";
  channel.onmessage = ({ data }) => {
    rest += decoder.decode(data, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop()!;
    messages.push(...lines.filter((l) => type.test(l)).map((l) => JSON.parse(l) as object));
  };
  return messages;
}

test("what is written reaches everybody, a refusal the writer only", async () => {
  const { agent, control } = await sharing();
  const first = received(control, /"type":"(hello|chat)/);
  const say = (text: string, tag: number) => control.send(bytes(JSON.stringify({ type: "chat", text, tag }) + "\n"));
  const own = (text: string) => {
    agent.chat.type(text);
    agent.chat.send((words, tag) => agent.write(words, tag));
  };
  say("good\nday", 7);
  say("  ", 8);
  await until(() => first.length > 1 || first.some((m) => "why" in m), "the refusal");
  own("hello");
  assert.equal(agent.chat.draft, "");
  socket(0).tell(call("B", "control", "page"));
  const later = await advise(2, number, "control", id("B"));
  assert.ok(later instanceof SealedChannel);
  const second = received(later, /"type":"(hello|chat)/);
  await until(() => second.length === 3, "what was written before");
  say("last", 0);
  await until(() => second.length === 4);
  const plain = (messages: object[]) =>
    messages
      .filter((m) => !("program" in m))
      .map((m) => Object.fromEntries(Object.entries(m).filter(([name]) => name !== "time")));
  const lines = [
    { type: "chatLine", id: 1, by: "advisor", text: "good day", tag: 7 },
    { type: "chatLine", id: 2, by: "customer", text: "hello" },
    { type: "chatLine", id: 3, by: "advisor", text: "last" },
  ];
  assert.deepEqual(plain(second), lines);
  assert.ok(second.some((m) => "chat" in m && m.chat === true));
  await until(() => first.length >= 4);
  assert.deepEqual(plain(first), [lines[0], { type: "chatRefused", tag: 8, why: "empty" }, lines[1], lines[2]]);
  assert.deepEqual(
    agent.chat.lines.map((l) => [l.by, l.text]),
    [
      ["advisor", "good day"],
      ["customer", "hello"],
      ["advisor", "last"],
    ],
  );
  agent.leave();
});

test("nobody reads what the customer writes before and after the session", () => {
  const agent = new BrowserAgent(
    "en",
    () => {},
    () => {},
  );
  agent.chat.type("hello");
  agent.chat.send((words, tag) => agent.write(words, tag));
  assert.deepEqual([agent.chat.trouble, agent.chat.draft], ["nobody", "hello"]);
});

test("an advisor's wishes are read, whatever else he says is not", async () => {
  const { agent, advisor } = await pair("control");
  const told: string[] = [];
  new ControlEnd(agent, {
    ask: (r) => told.push("ask " + r),
    giveBack: (r) => told.push("return " + r),
    door: (d) => told.push("door " + d),
    chat: (text, tag) => told.push(`chat ${tag} ${text}`),
    file: (id, name, size) => told.push(`file ${id} ${name} ${String(size)}`),
    fileCancel: (id) => told.push("cancel " + id),
    end: () => told.push("end"),
    closed: () => told.push("closed"),
  }).start();
  advisor.send(
    bytes(
      '{"type":"hello"}\n{"type":"ask","right":"view"}\n{"type":"ask","right":"moon"}\n{"type":"given","right":"view"}\n' +
        '{"type":"state","rights":{"view":true}}\n{"type":"return","right":"show"}\n' +
        '{"type":"door","door":"vnc"}\n{"type":"door","door":"page"}\n{"type":"door"}\n' +
        '{"type":"chat","text":"hello","tag":7}\n{"type":"chat","text":5,"tag":-1}\n' +
        '{"type":"file","id":"A","name":"a.txt","size":5}\n{"type":"file","name":7,"size":"x"}\n{"type":"fileCancel","id":"A"}\n{"type":"fileCancel","id":[]}\n{"type":"end"}\n',
    ),
  );
  await until(() => told.includes("end"));
  assert.deepEqual(told, [
    "ask view",
    "return show",
    "door vnc",
    "chat 7 hello",
    "chat 0 ",
    "file A a.txt 5",
    "file   x",
    "cancel A",
    "cancel ",
    "end",
  ]);
});

test("an advisor who says too much, too long or nonsense is cut off", async () => {
  for (const words of ["x\n", "[]\n", '{"type":"ask"}\n'.repeat(25), "y".repeat(20_000), `{"a":"${"z".repeat(20_000)}"}\n`]) {
    const { agent, advisor } = await pair("control");
    let closed = false;
    new ControlEnd(agent, {
      ask: () => {},
      giveBack: () => {},
      door: () => {},
      chat: () => {},
      file: () => {},
      fileCancel: () => {},
      end: () => {},
      closed: () => (closed = true),
    }).start();
    advisor.send(bytes(words));
    await until(() => closed, words.slice(0, 20));
  }
});

test("a wish that comes before the gateway has said that the customer is in waits for that", async () => {
  const { agent, advisor } = await pair("control");
  const told: string[] = [];
  const end = new ControlEnd(agent, {
    ask: (r) => told.push("ask " + r),
    giveBack: () => {},
    door: () => {},
    chat: () => {},
    file: () => {},
    fileCancel: () => {},
    end: () => told.push("end"),
    closed: () => told.push("closed"),
  });
  const take = agent.onmessage;
  let arrived = 0;
  agent.onmessage = (m) => (arrived++, take?.(m));
  advisor.send(bytes('{"type":"ask","right":"view"}\n{"type":"e'));
  await until(() => arrived === 1);
  assert.deepEqual(told, []);
  end.start();
  assert.deepEqual(told, ["ask view"]);
  advisor.send(bytes('nd"}\n'));
  await until(() => told.length === 2);
  assert.deepEqual(told, ["ask view", "end"]);
});

test("an advisor who says much before the customer is in is cut off", async () => {
  const { agent, advisor } = await pair("control");
  let closed = false;
  new ControlEnd(agent, {
    ask: () => {},
    giveBack: () => {},
    door: () => {},
    chat: () => {},
    file: () => {},
    fileCancel: () => {},
    end: () => {},
    closed: () => (closed = true),
  });
  advisor.send(bytes('{"type":"ask","right":"view"}\n'.repeat(600)));
  await until(() => closed);
});

test("of the advisor's screen nothing is passed on before somebody listens, and then in order", async () => {
  const { agent, advisor } = await pair("show");
  let ended = false;
  const held = new HeldChannel(agent, () => (ended = true));
  let arrived = 0;
  const take = agent.onmessage;
  agent.onmessage = (e) => {
    take?.(e);
    arrived++;
  };
  advisor.send(bytes("RFB 003"));
  await until(() => arrived === 1);
  advisor.send(bytes(".008\n"));
  await until(() => arrived === 2);
  let heard = "";
  held.onmessage = ({ data }) => (heard += new TextDecoder().decode(data));
  assert.equal(heard, "");
  await until(() => heard !== "");
  advisor.close();
  await until(() => ended);
  assert.equal(heard, "RFB 003.008\n");
});

test("an advisor who shows before he may is cut off", async () => {
  const { agent, advisor } = await pair("show");
  let ended = false;
  new HeldChannel(agent, () => (ended = true));
  for (let i = 0; i < 5; i++) advisor.send(new Uint8Array(20_000));
  await until(() => ended);
});

test("noVNC finds the members on the held line", async () => {
  const { agent } = await pair("show");
  const held = new HeldChannel(agent, () => {});
  const found = [...Object.keys(held), ...Object.getOwnPropertyNames(Object.getPrototypeOf(held))];
  for (const member of ["send", "close", "binaryType", "onerror", "onmessage", "onopen", "protocol", "readyState"])
    assert.ok(found.includes(member), member);
});

test("entering sends the place and never the secret; the seal proves the advisor", async () => {
  const r = await enter();
  assert.deepEqual(r.socket(0).said, ['{"type":"enter","place":"4821"}']);
  assert.deepEqual(r.told, ["control", "joined anna"]);
  r.link.stop();
});

test("a gateway's word that we are joined is worth nothing without the seal", async () => {
  const r = rig();
  await until(() => r.socket(0)?.said.length === 1);
  r.socket(0).tell(call("V", "view", "page")); // before any seal
  r.socket(0).tell(joined);
  await until(() => r.told.length > 0);
  assert.deepEqual(r.told, ["refused number 0"]);
  assert.equal(FakeSocket.all.length, 1);
});

test("an advisor with another number is none", async () => {
  const r = rig();
  await until(() => r.socket(0)?.said.length === 1);
  r.socket(0).tell(call("A", "control", "entering"));
  assert.equal(await r.advise(1, "482100000", "control", id("A")), "wrong-number");
  r.socket(0).tell(joined);
  await until(() => r.told.length > 0);
  assert.deepEqual(r.told, ["refused number 0"]);
});

test("calls are answered, entering only once, and nonsense not at all", async () => {
  const r = await enter();
  for (const m of [
    call("B", "control", "entering"),
    call("C", "files", "page"),
    { type: "call", stream: "short", kind: "view", door: "page" },
    "nonsense",
    { type: "moon" },
    "x".repeat(5000),
  ])
    r.socket(0).tell(m);
  // The next socket belongs to the next valid call.
  r.socket(0).tell(call("D", "view", "helper"));
  assert.ok((await r.advise(2, number, "view", id("D"))) instanceof SealedChannel);
  assert.equal(FakeSocket.all.length, 3);
  assert.deepEqual(r.told.slice(2), ["view"]);
  assert.equal(r.streams[1]?.call.door, "helper");
  r.link.stop();
  await until(() => r.streams[1]?.channel.readyState === 3);
});

test("a lost line ends every stream and comes back with the token", async () => {
  const r = await enter();
  r.socket(0).close();
  await until(() => r.told.includes("away") && r.streams[0]?.channel.readyState === 3);
  await until(() => FakeSocket.all.length > 2 && FakeSocket.all[2]!.said.length > 0);
  assert.deepEqual(r.socket(2).said, ['{"type":"enter","place":"4821","resume":"token"}']);
  r.socket(2).tell(joined);
  await until(() => r.told.filter((w) => w === "joined anna").length === 2);
  r.socket(2).tell({ type: "ended", reason: "because" });
  await until(() => r.told.some((w) => w.startsWith("over")));
  assert.equal(r.told.at(-1), "over lost"); // the page ignores reasons that it does not know
});

test("the end is told to the gateway", async () => {
  const r = await enter();
  r.link.end("customer");
  assert.equal(r.socket(0).said.at(-1), '{"type":"end","reason":"customer"}');
  assert.equal(r.socket(0).readyState, 3);
});

test("an advisor who asks again and again opens few questions", (t) => {
  t.mock.timers.enable({ apis: ["Date"] });
  const limit = new Refusals(() => {});
  let opened = 0;
  const ask = () => {
    if (limit.crowded > 0) return;
    limit.opened();
    opened++;
  };
  for (let i = 0; i < 1000; i++) ask();
  assert.equal(opened, 20);
  assert.equal(limit.crowded, 5000);
  for (let i = 0; i < 1000; i++) {
    t.mock.timers.tick(100);
    ask();
  }
  assert.equal(opened, 40);
});
