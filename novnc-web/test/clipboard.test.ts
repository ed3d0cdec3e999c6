// The link between the advisor's clipboard and the customer's.

import "./fakedom.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { ClipboardLink, pastedPicture, readPicture, type Copied } from "../src/advisor/clipboard.ts";

/** A browser's clipboard, and what the page may do with it. */
class Clipboard {
  text = "";
  focused = true;
  state: "granted" | "denied" | "unknown" = "granted";

  constructor() {
    const readText = () => Promise.resolve(this.text);
    const writeText = async (text: string) => {
      if (!this.focused) throw new Error("the page is not in use");
      this.text = text;
    };
    const query = async () => {
      if (this.state === "unknown") throw new TypeError("no such permission");
      return { state: this.state };
    };
    Object.assign(navigator, { clipboard: { readText, writeText }, permissions: { query } });
    Object.assign(document, { hasFocus: () => this.focused });
  }
}

function rig() {
  const own = new Clipboard();
  const sent: string[] = [];
  const rights = { clipboard: true };
  const link = new ClipboardLink(
    () => rights.clipboard,
    ({ text }) => sent.push(text),
  );
  return { own, sent, rights, link };
}

test("what the advisor copies is sent once, when he turns to the picture", async () => {
  const { own, sent, link } = rig();
  own.text = "one";
  await link.update();
  await link.update();
  assert.deepEqual(sent, ["one"]);
  own.text = "two";
  await link.update();
  assert.deepEqual(sent, ["one", "two"]);
});

test("nothing leaves without the right, and nothing of before it counts", async () => {
  const { own, sent, rights, link } = rig();
  rights.clipboard = false;
  own.text = "secret";
  await link.update();
  assert.deepEqual(sent, []);
  rights.clipboard = true;
  link.reset();
  await link.update();
  assert.deepEqual(sent, ["secret"]); // the customer allows it now, and the advisor turned to the picture
});

test("the right may end while the browser reads", async () => {
  const { own, sent, rights, link } = rig();
  own.text = "secret";
  const reading = link.update();
  rights.clipboard = false;
  await reading;
  assert.deepEqual(sent, []);
});

test("the customer's text is not sent back", async () => {
  const { own, sent, link } = rig();
  await link.receive({ text: "from the customer", html: "" });
  assert.equal(own.text, "from the customer");
  await link.update();
  assert.deepEqual(sent, []);
});

test("a text that came while the page was not in use arrives when it is", async () => {
  const { own, sent, link } = rig();
  own.focused = false;
  own.text = "old";
  await link.receive({ text: "from the customer", html: "" });
  assert.equal(own.text, "old");
  own.focused = true;
  await link.update();
  assert.equal(own.text, "from the customer");
  assert.deepEqual(sent, []);
});

test("a text sent by hand is not replaced by what was copied before", async () => {
  const { own, sent, link } = rig();
  own.text = "copied long ago";
  link.sentByHand();
  await link.update();
  assert.deepEqual(sent, []);
  own.text = "copied now";
  await link.update();
  assert.deepEqual(sent, ["copied now"]);
});

test("a picture sent by hand does not hold up the next text", async () => {
  const { own, sent, link } = rig();
  own.text = ""; // only a picture
  link.sentByHand();
  await link.update();
  own.text = "copied now";
  await link.update();
  assert.deepEqual(sent, ["copied now"]);
});

test("HTML goes with the text, in both directions", async () => {
  const own = new Clipboard();
  const sent: Copied[] = [];
  const link = new ClipboardLink(
    () => true,
    (copied) => sent.push(copied),
  );
  const written: Record<string, Blob>[] = [];
  class Item {
    constructor(readonly forms: Record<string, Blob>) {}
    get types() {
      return Object.keys(this.forms);
    }
    getType = async (type: string) => this.forms[type]!;
  }
  const form = (type: string, text: string) => ({ [type]: new Blob([text], { type }) });
  let items = [new Item({ ...form("text/plain", "a"), ...form("text/html", "<b>a</b>") }), new Item(form("image/png", ""))];
  Object.assign(globalThis, { ClipboardItem: Item });
  Object.assign(navigator.clipboard, {
    read: async () => items,
    write: async ([item]: Item[]) => void written.push(item!.forms),
  });
  try {
    await link.update();
    assert.deepEqual(sent, [{ text: "a", html: "<b>a</b>" }]);
    assert.equal((await readPicture())?.type, "image/png");
    items = [];
    assert.equal(await readPicture(), null);
    await link.receive({ text: "c", html: "<i>c</i>" });
    assert.equal(await written[0]!["text/html"]!.text(), "<i>c</i>");
    assert.equal(await written[0]!["text/plain"]!.text(), "c");
    await link.receive({ text: "d", html: "" });
    assert.equal(own.text, "d");
  } finally {
    Reflect.deleteProperty(globalThis, "ClipboardItem");
  }
});

test("a pasted picture is taken unless there is a text beside it", () => {
  const data = (types: string[], ...files: string[]) =>
    ({ types, files: files.map((type) => new File([], "x", { type })) }) as unknown as DataTransfer;
  assert.equal(pastedPicture(data(["Files"], "text/csv", "image/png"))?.type, "image/png");
  assert.equal(pastedPicture(data(["text/plain", "Files"], "image/png")), null);
  assert.equal(pastedPicture(data(["Files"], "application/pdf")), null);
  assert.equal(pastedPicture(null), null);
});

test("a browser that allows no reading is not asked again and again", async () => {
  for (const state of ["denied", "unknown"] as const) {
    const { own, sent, link } = rig();
    own.state = state;
    own.text = "x";
    await link.update();
    assert.deepEqual(sent, [], state);
  }
});
