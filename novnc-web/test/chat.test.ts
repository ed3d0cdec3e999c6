// The chat: what pages make of its lines, and what the page that shares accepts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { News } from "../src/advisor/attention.ts";
import type { Session } from "../src/advisor/session.ts";
import { ChatModel, readChatLine, readChatRefused, readKeptChat, type KeptChat, type Line } from "../src/common/chatlines.ts";
import { aroundHost, splitLinks } from "../src/common/links.ts";
import { plainLine } from "../src/common/plainline.ts";
import { AcceptedLines, forAdvisors } from "../src/customer/sharing/chat.ts";
import { readChat } from "../src/panel/chatmessages.ts";
import { chatPause, maxChatBurst, maxChatLines, maxChatText } from "../src/protocol_gen.ts";

const line = (id: number, by: Line["by"], text = "text " + id, tag = 0): Line => ({ id, by, text, tag, time: null, who: "" });

/** A model with what it passed on and kept. */
function rig(side: Line["by"] = "advisor", kept?: KeptChat) {
  const passed: { text: string; tag: number }[] = [];
  const keeps: KeptChat[] = [];
  const model = new ChatModel(side, kept, (k) => keeps.push(k));
  const send = (connected = true) => model.send((text, tag) => (passed.push({ text, tag }), connected));
  return { model, passed, keeps, send };
}

test("a line is checked before it is shown", () => {
  const good = { id: 3, by: "customer", time: "2026-01-02T03:04:05Z", text: "a\u202eb\u0007c", tag: 9 };
  assert.deepEqual(readChatLine(good), {
    id: 3,
    by: "customer",
    time: new Date("2026-01-02T03:04:05Z"),
    text: "abc",
    tag: 9,
    who: "",
  });
  for (const bad of [{ id: 0 }, { id: 1.5 }, { id: 2 ** 53 }, { id: "3" }, { by: "gateway" }, { text: " " }, { text: 5 }])
    assert.equal(readChatLine({ ...good, ...bad }), null, JSON.stringify(bad));
  assert.equal(readChatLine({ ...good, time: "never" })?.time, null);
  for (const tag of [-1, 1.5, 2 ** 32, "7", undefined]) assert.equal(readChatLine({ ...good, tag })?.tag, 0);
  assert.equal([...readChatLine({ ...good, text: "🦊".repeat(5000) })!.text].length, maxChatText + 1);
  assert.deepEqual(readChatRefused({ tag: 4, why: "moon" }), { tag: 4, why: "nobody" });
});

test("the latest lines are kept, each once", () => {
  const { model } = rig();
  for (let id = 1; id <= 2 * maxChatLines; id++) model.take(line(id, "customer"));
  const ids = () => model.lines.map((l) => l.id);
  const want = Array.from({ length: maxChatLines }, (_, i) => maxChatLines + 1 + i);
  assert.deepEqual(ids(), want);
  for (const id of want) model.take(line(id, "customer")); // after a new connection
  model.take(line(1, "customer"));
  assert.deepEqual(ids(), want);
});

test("the text stays in the field until its line comes back", () => {
  const { model, passed, send } = rig();
  model.type("hello");
  send();
  assert.equal(passed.length, 1);
  const { text, tag } = passed[0]!;
  assert.equal(text, "hello");
  assert.ok(tag >= 1 && tag < 2 ** 32);
  send();
  assert.equal(passed.length, 1, "was sent twice");
  model.take(line(1, "customer", "hello", tag)); // the tag of another side
  model.take(line(2, "advisor", "hello", 0)); // from another end
  assert.equal(model.draft, "hello");
  model.type("hello you"); // typed on meanwhile
  model.take(line(3, "advisor", "hello", tag));
  assert.equal(model.draft, "you");
  send();
  assert.equal(passed.at(-1)?.text, "you");
});

test("a refusal leaves the text and says why, until somebody types", () => {
  const { model, passed, send } = rig("customer");
  model.type("hello");
  send();
  const { tag } = passed[0]!;
  model.refused({ tag: tag === 1 ? 2 : 1, why: "rate" });
  assert.equal(model.trouble, "");
  model.refused({ tag, why: "rate" });
  assert.deepEqual([model.trouble, model.draft], ["rate", "hello"]);
  model.type("hello!");
  assert.equal(model.trouble, "");
  send();
  assert.equal(passed.length, 2);
});

test("a lost connection leaves the text; its line may still come", () => {
  const { model, passed, send } = rig("customer");
  model.lost();
  assert.equal(model.trouble, "", "nothing was under way");
  model.type("hello");
  send();
  model.lost();
  assert.deepEqual([model.trouble, model.draft], ["lost", "hello"]);
  model.take(line(1, "customer", "hello", passed[0]!.tag));
  assert.deepEqual([model.trouble, model.draft], ["", ""]);
  model.type("again");
  send(false); // no connection
  assert.deepEqual([model.trouble, model.draft], ["lost", "again"]);
});

test("a text that is too long is not sent, nor is an empty one", () => {
  const { model, passed, send } = rig();
  model.type("🦊".repeat(maxChatText + 1));
  send();
  assert.equal(model.trouble, "long");
  model.type("  ");
  send();
  assert.deepEqual(passed, []);
  model.type("🦊".repeat(maxChatText));
  send();
  assert.equal(passed.length, 1);
});

test("lines of the other side are unread until somebody sees them, also after a reload", () => {
  const { model, keeps } = rig("customer");
  model.take(line(1, "customer"));
  assert.deepEqual([model.unread, model.isNew], [0, false]);
  model.take(line(2, "advisor"));
  model.take(line(3, "customer"));
  assert.deepEqual([model.unread, model.isNew], [1, true]);
  model.see();
  assert.deepEqual([model.unread, model.isNew], [0, false]);
  model.type("half a ");
  const again = rig("customer", readKeptChat(JSON.parse(JSON.stringify(keeps.at(-1)))));
  assert.equal(again.model.draft, "half a ");
  for (const l of model.lines) again.model.take(l);
  assert.equal(again.model.unread, 0);
  again.model.take(line(4, "advisor"));
  assert.deepEqual([again.model.unread, again.model.isNew], [1, false]);
  again.model.clear();
  assert.deepEqual([again.model.lines, again.model.draft, again.keeps.at(-1)], [[], "", { draft: "", seen: 0 }]);
});

test("the panel reads lines and refusals, and nothing else", () => {
  const { model, passed, send } = rig("customer");
  model.type("hello");
  send();
  const { tag } = passed[0]!;
  readChat(JSON.stringify({ type: "chatRefused", tag, why: "nobody" }), model);
  assert.equal(model.trouble, "nobody");
  const lines = [{ id: 1, by: "advisor", text: "one" }, "two", null, { id: 2, by: "advisor", text: "three" }];
  for (const words of ["", "[]", '{"type":"chat"}', '{"type":"state"}', JSON.stringify({ type: "chat", lines })])
    readChat(words, model);
  assert.deepEqual(
    model.lines.map((l) => l.text),
    ["one", "three"],
  );
});

test("an advisor is alerted to new lines, and not too often", () => {
  let now = 0;
  const news = new News(
    (s) => s.chat.unread,
    () => now,
  );
  const { model } = rig("advisor");
  const session = { chat: model } as unknown as Session;
  assert.equal(news.isNew(session), false);
  model.take(line(1, "customer"));
  assert.equal(news.isNew(session), true);
  assert.equal(news.isNew(session), false);
  model.take(line(2, "customer"));
  assert.equal(news.isNew(session), false, "again within five seconds");
  now = 5000;
  assert.equal(news.isNew(session), false, "nothing is new");
  model.take(line(3, "customer"));
  assert.equal(news.isNew(session), true);
});

/** The parts of a text, with addresses in brackets. */
const marked = (text: string) =>
  splitLinks(text)
    .map(({ words, url }) => (url ? `[${words}]` : words))
    .join("");

test("addresses of web pages are found, and nothing else", () => {
  for (const [text, want] of [
    ["", ""],
    ["no address", "no address"],
    ["https://example.com", "[https://example.com]"],
    ["see http://example.com/a?b=c#d, please.", "see [http://example.com/a?b=c#d], please."],
    ["(https://example.com/x_(y)) and HTTPS://EXAMPLE.ORG!", "([https://example.com/x_(y)]) and [HTTPS://EXAMPLE.ORG]!"],
    ["https://a.example https://b.example", "[https://a.example] [https://b.example]"],
    ["<https://example.com>", "<[https://example.com]>"],
    ["javascript://example.com ftp://x file:///etc data:x", "javascript://example.com ftp://x file:///etc data:x"],
    ["xhttps://example.com", "xhttps://example.com"],
    ["https:// https://. ://", "https:// https://. ://"],
    ["https://bank.example@evil.example/", "https://bank.example@evil.example/"],
  ] as const) {
    assert.equal(marked(text), want);
    assert.equal(
      splitLinks(text)
        .map((p) => p.words)
        .join(""),
      text,
    );
  }
});

test("the host of an address is shown as it is, in ASCII", () => {
  const parts = (text: string) => aroundHost(splitLinks(text)[0]!.url!);
  assert.deepEqual(parts("https://example.com:8443/a?b"), ["https://", "example.com:8443", "/a?b"]);
  assert.deepEqual(parts("http://\u0430pple.com"), ["http://", "xn--pple-43d.com", "/"]);
});

test("a long text is searched for addresses at once", () => {
  for (const piece of ["https://", "http", "://", "https://(", "https://%", "https://a.b)"]) splitLinks(piece.repeat(20_000));
});

test("a text becomes one line without anything invisible", () => {
  assert.equal(plainLine(" a\r\nb\tc\u00a0d\u2028e "), "a  b c d e");
  assert.equal(plainLine("a\u0000\u001b\u200b\u202e\u2066\ufeff\u00ad\ud800\ue000b"), "ab");
  assert.equal(plainLine("\u200b\u2800 "), "\u2800"); // a Braille pattern without dots is a symbol, as in Go
  assert.equal(plainLine("Grüße, 🦊 \ufffd 日本 é"), "Grüße, 🦊 \ufffd 日本 é");
});

test("lines are numbered, cleaned and bounded", () => {
  const lines = new AcceptedLines(() => 1_700_000_000_123);
  assert.equal(lines.add("advisor", "x".repeat(maxChatText + 1), 1), "long");
  assert.equal(lines.add("advisor", " \u200b\n", 1), "empty");
  const first = lines.add("advisor", " a\nb ", 7);
  const second = lines.add("customer", "c", 8);
  assert.ok(typeof first === "object" && typeof second === "object");
  assert.deepEqual(forAdvisors(first), { id: 1, by: "advisor", time: "2023-11-14T22:13:20.123Z", text: "a b", tag: 7 });
  assert.deepEqual(forAdvisors(second), { id: 2, by: "customer", time: "2023-11-14T22:13:20.123Z", text: "c" });
  assert.deepEqual(forAdvisors({ ...first, tag: 0 }), { id: 1, by: "advisor", time: first.time, text: "a b" });
});

test("each side may write some lines at once, and then one each second", () => {
  let now = 0;
  const lines = new AcceptedLines(() => now);
  const accepted = (by: Line["by"], tries: number) => {
    let n = 0;
    for (let i = 0; i < tries; i++) if (typeof lines.add(by, "x", 0) === "object") n++;
    return n;
  };
  assert.equal(accepted("advisor", 50), maxChatBurst);
  assert.equal(accepted("customer", 50), maxChatBurst);
  now += chatPause - 1;
  assert.equal(accepted("advisor", 5), 0);
  now += 1;
  assert.equal(accepted("advisor", 5), 1);
  now += 2 * chatPause;
  assert.equal(accepted("advisor", 5), 2);
  now += 1000 * chatPause;
  assert.equal(accepted("advisor", 50), maxChatBurst);
  now -= 1000 * chatPause; // somebody has set the clock back
  assert.equal(accepted("advisor", 5), 0);
  for (let i = 0; i < 2 * maxChatLines; i++) {
    now += 2000 * chatPause;
    lines.add("customer", "x", 0);
  }
  assert.equal(lines.latest.length, maxChatLines);
});
