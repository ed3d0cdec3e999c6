import "./fakedom.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { ControlStream, type ControlHandlers } from "../src/advisor/control.ts";
import { handshake, Tries } from "../src/seal/index.ts";
import { linePair } from "./lines.ts";
import { until } from "./rfbviewer.ts";

/** Makes a control stream and the agent's end of it, connected through a real seal. */
async function rig() {
  const [a, b] = linePair();
  const params = { number: "482193057", kind: "control" as const, stream: "AAAAAAAAAAAAAAAAAAAAAA" };
  const [agent, advisor] = await Promise.all([
    handshake(a, "agent", { ...params, tries: new Tries() }),
    handshake(b, "advisor", { ...params, tries: new Tries() }),
  ]);
  let heard = "";
  agent.onmessage = ({ data }) => (heard += new TextDecoder().decode(data));
  const told: unknown[] = [];
  const tell =
    (name: string) =>
    (...values: unknown[]) =>
      void told.push([name, ...values]);
  const handlers = Object.fromEntries(
    ["hello", "state", "event", "latency", "door", "chatLine", "chatRefused", "record", "file", "colleague", "bye", "closed"].map(
      (n) => [n, tell(n)],
    ),
  ) as unknown as ControlHandlers;
  const control = new ControlStream(advisor, handlers);
  const send = (words: string) => agent.send(new TextEncoder().encode(words));
  // The bye arrives after the words, so that its arrival proves that the words were handled.
  const say = async (words: string) => {
    send(words + '{"type":"bye","reason":"behind"}\n');
    const last = () => JSON.stringify(told.at(-1));
    await until(() => last() === '["bye","behind"]' || last() === '["closed"]');
    if (last() !== '["closed"]') told.pop();
  };
  return { control, told, send, say, heard: () => heard };
}

test("hello goes first, wishes follow line by line", async () => {
  const { control, heard } = await rig();
  control.ask("control");
  control.giveBack("clipboard");
  control.remind();
  control.end();
  await until(() => heard().includes('"end"'));
  assert.deepEqual(
    heard()
      .trimEnd()
      .split("\n")
      .map((l) => JSON.parse(l)),
    [
      { type: "hello", version: "1", client: "page", leads: true },
      { type: "ask", right: "control" },
      { type: "return", right: "clipboard" },
      { type: "remind" },
      { type: "end" },
    ],
  );
});

test("the latency is measured with an agent that answers pings, and with no other", async () => {
  const { control, told, say, heard } = await rig();
  await say('{"type":"hello","customer":{}}\n');
  assert.ok(!heard().includes("ping"));
  await say('{"type":"hello","customer":{},"pong":true}\n');
  await until(() => heard().includes('{"type":"ping","id":1}'));
  told.length = 0;
  await say('{"type":"pong","id":7}\n{"type":"pong","id":1}\n');
  assert.equal(told.length, 1); // the other one answers no ping
  const [name, milliseconds] = told[0] as [string, number];
  assert.equal(name, "latency");
  assert.ok(milliseconds >= 0);
  control.close();
});

test("messages are cut at line ends, wherever records end", async () => {
  const { told, send, say } = await rig();
  send('{"type":"hello","customer":{"user":"petra","host":"PC","system":"linux/amd64"},"answer":"view"}\n{"type":"st');
  await say(
    'ate","seq":1,"direction":"customer","rights":{"view":true},"asked":["control","moon"],"viewers":[]}\n{"type":"new"}\n',
  );
  assert.deepEqual(told, [
    [
      "hello",
      {
        user: "petra",
        host: "PC",
        system: "linux/amd64",
        systemName: "",
        browser: false,
        reminds: false,
        chat: false,
        files: false,
        colleagues: false,
        can: ["view", "control", "clipboard"],
        recordKey: null,
      },
      "view",
    ],
    [
      "state",
      {
        direction: "customer",
        rights: { view: true, control: false, clipboard: false, show: false, point: false, record: false },
        asked: ["control"],
        share: null,
        paused: false,
        hands: false,
        notice: "",
        viewers: [],
        panelClosed: false,
        held: false,
        you: "",
        advisor: null,
        colleagues: [],
        holder: "",
      },
    ],
  ]);
});

test("an older state does not overwrite a newer one", async () => {
  const { told, say } = await rig();
  await say('{"type":"state","seq":5}\n{"type":"state","seq":4,"rights":{"control":true}}\n');
  assert.equal(told.length, 1);
});

test("events of unknown kinds are ignored", async () => {
  const { told, say } = await rig();
  await say('{"type":"event","event":"given","right":"moon"}\n{"type":"event","event":"taken","right":"control","by":"key"}\n');
  assert.deepEqual(told, [["event", { event: "taken", right: "control", by: "key", seconds: 0 }]]);
  told.length = 0;
  await say('{"type":"event","event":"delayed","right":"view","by":"auto","seconds":30}\n');
  assert.deepEqual(told, [["event", { event: "delayed", right: "view", by: "auto", seconds: 30 }]]);
  told.length = 0;
  await say('{"type":"event","event":"asked","right":"view","by":"auto","seconds":60}\n');
  assert.deepEqual(told, [["event", { event: "asked", right: "view", by: "auto", seconds: 60 }]]);
});

test("what is no message ends the stream", async () => {
  for (const words of ["nonsense\n", '{"type":"hello"}'.padEnd(20_000), "[]\n"]) {
    const { told, say } = await rig();
    await say(words);
    assert.deepEqual(told, [["closed"]], words.slice(0, 20));
  }
});

test("a door's number is asked for by name and told with it", async () => {
  const { control, told, say, heard } = await rig();
  control.askDoor("vnc");
  await until(() => heard().includes('"vnc"'));
  assert.match(heard(), /\{"type":"door","door":"vnc"\}\n$/);
  await say(
    '{"type":"door","door":"vnc","number":"482112345","seconds":300}\n{"type":"door","door":"vnc","number":"","gone":"burnt"}\n',
  );
  assert.deepEqual(told, [
    ["door", { door: "vnc", number: "482112345" }],
    ["door", { door: "vnc", number: "" }],
  ]);
});

test("what a newer program says: what it can, what is shared, whose hands", async () => {
  const { told, say } = await rig();
  await say(
    '{"type":"hello","customer":{},"program":"browser","can":["view","show","moon"]}\n' +
      '{"type":"state","seq":1,"rights":{"show":true},"asked":["share","show"],"hands":true,"notice":"shielded",' +
      '"share":{"kind":"apps","names":["gedit","",7]}}\n',
  );
  assert.deepEqual(told, [
    [
      "hello",
      {
        user: "",
        host: "",
        system: "",
        systemName: "",
        browser: true,
        reminds: false,
        chat: false,
        files: false,
        colleagues: false,
        can: ["view", "show"],
        recordKey: null,
      },
      "",
    ],
    [
      "state",
      {
        direction: "none",
        rights: { view: false, control: false, clipboard: false, show: true, point: false, record: false },
        asked: ["show", "share"],
        share: { kind: "apps", monitor: 0, apps: [], names: ["gedit"] },
        paused: false,
        hands: true,
        notice: "shielded",
        viewers: [],
        panelClosed: false,
        held: false,
        you: "",
        advisor: null,
        colleagues: [],
        holder: "",
      },
    ],
  ]);
});

test("lines and refusals of the chat are read, and a line is written", async () => {
  const { control, told, say, heard } = await rig();
  control.write("hello", 7);
  await until(() => heard().includes('{"type":"chat","text":"hello","tag":7}\n'));
  await say(
    '{"type":"chatLine","id":1,"by":"customer","time":"2026-01-02T03:04:05Z","text":"a"}\n' +
      '{"type":"chatLine","id":0,"by":"customer","text":"b"}\n{"type":"chatRefused","tag":7,"why":"rate"}\n',
  );
  assert.deepEqual(told, [
    ["chatLine", { id: 1, by: "customer", time: new Date("2026-01-02T03:04:05Z"), text: "a", tag: 0, who: "" }],
    ["chatRefused", { tag: 7, why: "rate" }],
  ]);
  control.close();
});

test("files are offered and withdrawn, and their states are read", async () => {
  const { control, told, say, heard } = await rig();
  const id = "A".repeat(22);
  control.offerFile(id, "a.txt", 5);
  control.cancelFile(id);
  await until(() => heard().includes("fileCancel"));
  assert.ok(heard().endsWith(`{"type":"file","id":"${id}","name":"a.txt","size":5}\n{"type":"fileCancel","id":"${id}"}\n`));
  await say('{"type":"hello","customer":{},"files":true}\n');
  assert.equal((told[0] as [string, { files: boolean }])[1].files, true);
  told.length = 0;
  await say(
    `{"type":"fileState","id":"${id}","state":"ended","why":"silence"}\n{"type":"fileState","id":"short","state":"done"}\n`,
  );
  assert.deepEqual(told, [["file", { id, state: "ended", why: "silence", sha256: "" }]]);
  control.close();
});

test("colleagues are asked for and read", async () => {
  const { control, told, say, heard } = await rig();
  const who = { account: "bert", name: "Bert Maier", company: "Example" };
  control.askColleague(who, "point");
  control.passControl("bert");
  control.passSession("bert");
  control.dropColleague("bert");
  await until(() => heard().includes("colleagueDrop"));
  assert.ok(
    heard().endsWith(
      '{"type":"colleague","who":{"name":"bert","display":"Bert Maier","company":"Example"},"for":"point"}\n' +
        '{"type":"passControl","name":"bert"}\n{"type":"passSession","name":"bert"}\n{"type":"colleagueDrop","name":"bert"}\n',
    ),
  );
  await say(
    '{"type":"colleagueState","name":"bert","state":"expected","number":"482167890","seconds":900}\n' +
      '{"type":"colleagueState","name":"bert","state":"odd","number":"<b>","why":"odd"}\n',
  );
  assert.deepEqual(told, [
    ["colleague", { account: "bert", stage: "expected", number: "482167890", why: "" }],
    ["colleague", { account: "bert", stage: "gone", number: "", why: "" }],
  ]);
  control.close();
});
