// Pictures and HTML in the clipboard: the page's part of RFB's Extended Clipboard.

import "./fakedom.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync, inflateSync } from "node:zlib";
import { cfhtmlOf, htmlOf } from "../src/advisor/cfhtml.ts";
import { ClipboardRFB, deflate, format, formsOf, inflate, type Forms } from "../src/advisor/clipboardrfb.ts";
import { isFitPNG } from "../src/advisor/pngpicture.ts";
import { maxPictureBytes } from "../src/protocol_gen.ts";

const [caps, request, peek, notify, provide] = [1 << 24, 1 << 25, 1 << 26, 1 << 27, 1 << 28];
const dib = 1 << 3;

/** noVNC's buffers. */
class Sock {
  in = new Uint8Array();
  at = 0;
  out: number[] = [];

  rQwait(_: string, bytes: number, goBack: number): boolean {
    if (this.in.length - this.at >= bytes) return false;
    this.at -= goBack;
    return true;
  }
  rQpeekBytes(n: number): Uint8Array {
    return this.in.slice(this.at, this.at + n);
  }
  rQshiftBytes(n: number): Uint8Array {
    this.at += n;
    return this.in.slice(this.at - n, this.at);
  }
  rQskipBytes(n: number): void {
    this.at += n;
  }
  sQpushBytes(bytes: Uint8Array): void {
    this.out.push(...bytes);
  }
  flush(): void {}
}

class Tested extends ClipboardRFB {
  readonly sock = new Sock();
  failed = "";
  pasted: string[] = [];
  plain = 0;

  constructor() {
    super({} as HTMLElement, { close: () => {} });
    Object.assign(this, {
      _sock: this.sock,
      _fail: (why: string) => ((this.failed = why), false),
      clipboardPasteFrom: (text: string) => this.pasted.push(text),
    });
    this.mayShare = () => true;
  }

  /** Handles the bytes of one message, without its type; returns whether it was complete. */
  feed(bytes: Uint8Array): boolean {
    this.sock.in = Uint8Array.of(3, ...bytes);
    this.sock.at = 1;
    return this._handleServerCutText();
  }

  receives(flags: number, data: Uint8Array = new Uint8Array()): boolean {
    return this.feed(message(flags, data));
  }

  /** The extended messages sent since. */
  async sent(): Promise<{ flags: number; data: Uint8Array }[]> {
    await new Promise((done) => setTimeout(done, 0));
    // Compression takes turns of the event loop.
    await (this as unknown as { work: Promise<void> }).work;
    const view = new DataView(Uint8Array.from(this.sock.out).buffer);
    const list = [];
    for (let at = 0; at < view.byteLength;) {
      assert.equal(view.getUint8(at), 6);
      const size = -view.getInt32(at + 4);
      list.push({ flags: view.getUint32(at + 8), data: new Uint8Array(view.buffer, at + 12, size - 4) });
      at += 8 + size;
    }
    this.sock.out = [];
    return list;
  }

  async flags(): Promise<number[]> {
    return (await this.sent()).map(({ flags }) => flags);
  }
}

function message(flags: number, data: Uint8Array, size = 4 + data.length): Uint8Array {
  const bytes = new Uint8Array(11 + data.length);
  const view = new DataView(bytes.buffer);
  view.setInt32(3, -size);
  view.setUint32(7, flags);
  bytes.set(data, 11);
  return bytes;
}

function packed(...forms: Uint8Array[]): Uint8Array {
  return deflateSync(
    Buffer.concat(
      forms.flatMap((form) => {
        const size = Buffer.alloc(4);
        size.writeUInt32BE(form.length);
        return [size, form];
      }),
    ),
  );
}

const utf8 = (text: string) => new TextEncoder().encode(text);
const all = format.text | format.html | format.png;
const actions = caps | request | peek | notify | provide;

/** A viewer that has agreed on all formats. */
async function agreed(): Promise<Tested> {
  const rfb = new Tested();
  rfb.receives(actions | format.text, new Uint8Array(4));
  assert.deepEqual(await rfb.flags(), [actions | all]);
  rfb.receives(actions | all, new Uint8Array(12));
  assert.deepEqual(await rfb.flags(), []); // no answer, or both would go on for ever
  return rfb;
}

test("pictures are used if the customer's program knows them", async () => {
  assert.equal((await agreed()).takesPictures, true);
  const old = new Tested();
  old.receives(actions | format.text, new Uint8Array(4));
  assert.equal(old.takesPictures, false);
  await old.flags();
  old.offer({ text: "a", html: "<b>", png: new Uint8Array(3) });
  assert.deepEqual(await old.flags(), [notify | format.text]);
});

test("texts, HTML and pictures come when they are requested", async () => {
  const rfb = await agreed();
  const offered: number[] = [];
  const got: Forms[] = [];
  rfb.onoffer = (formats) => offered.push(formats);
  rfb.onforms = (forms) => got.push(forms);
  rfb.receives(notify | all | dib);
  assert.deepEqual(offered, [all]);
  rfb.request(format.text | format.html);
  assert.deepEqual(await rfb.flags(), [request | format.text | format.html]);
  const html = cfhtmlOf("<b>ä</b>");
  rfb.receives(provide | format.text | format.html, packed(utf8("ä\r\n€\0"), html));
  await rfb.sent();
  assert.deepEqual(got.splice(0), [{ text: "ä\n€", html: htmlOf(html) }]);
  rfb.request(format.png);
  await rfb.sent();
  rfb.receives(provide | dib | format.png, packed(Uint8Array.of(9, 9), Uint8Array.of(1, 2, 3)));
  await rfb.sent();
  assert.deepEqual(got.splice(0), [{ png: Uint8Array.of(1, 2, 3) }]);
  rfb.receives(provide | format.png, packed(Uint8Array.of(1, 2, 3))); // a second time
  await rfb.sent();
  assert.deepEqual(got, []);
});

test("what the advisor offers is sent when it is requested, and only that", async () => {
  const rfb = await agreed();
  const png = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) & 255);
  rfb.offer({ text: "a\nb", html: "<i>", png });
  assert.deepEqual(await rfb.flags(), [notify | all]);
  rfb.receives(peek);
  assert.deepEqual(await rfb.flags(), [notify | all]);
  rfb.receives(request | format.text | format.png | dib);
  const [answer] = await rfb.sent();
  assert.equal(answer?.flags, provide | format.text | format.png);
  const bytes = new Uint8Array(inflateSync(answer!.data));
  assert.deepEqual(formsOf(format.text | format.png, all, bytes), { text: "a\nb", png });
  rfb.forget();
  rfb.receives(request | all);
  assert.deepEqual(await rfb.flags(), []);
});

test("nothing passes without the right", async () => {
  const rfb = await agreed();
  rfb.onoffer = () => assert.fail("offered");
  rfb.onforms = () => assert.fail("received");
  rfb.offer({ text: "secret" });
  rfb.request(all);
  await rfb.sent();
  const data = packed(utf8("a\0"));
  rfb.receives(request | format.text);
  rfb.receives(provide | format.text, data);
  rfb.mayShare = () => false; // while the answer is being packed
  for (const flags of [request | all, peek, notify | all]) rfb.receives(flags);
  rfb.receives(provide | format.text, data);
  assert.deepEqual(await rfb.flags(), []);
});

test("a message is handled when all of it is there", async () => {
  const rfb = await agreed();
  const whole = message(notify | format.text, new Uint8Array());
  let offers = 0;
  rfb.onoffer = () => offers++;
  for (let n = 0; n < whole.length; n++) {
    assert.equal(rfb.feed(whole.subarray(0, n)), false);
    assert.equal(rfb.sock.at, 0, "noVNC reads the message's type again");
  }
  assert.equal(rfb.feed(whole), true);
  assert.equal(offers, 1);
  assert.equal(rfb.sock.at, rfb.sock.in.length);
});

test("nonsense and bombs end nothing but themselves", async () => {
  const rfb = await agreed();
  const got: Forms[] = [];
  rfb.onforms = (forms) => got.push(forms);
  const bomb = deflateSync(Buffer.alloc(64 << 20));
  const long = utf8("x");
  for (const data of [
    new Uint8Array(),
    Uint8Array.of(1, 2, 3),
    bomb,
    deflateSync(Uint8Array.of(0, 0)),
    deflateSync(Buffer.from("\x7fÿÿÿabc", "latin1")),
  ]) {
    rfb.request(all);
    rfb.receives(provide | all, data);
  }
  await rfb.sent();
  assert.deepEqual(got, []);
  rfb.request(format.text);
  rfb.receives(provide | format.text, packed(long));
  await rfb.sent();
  assert.deepEqual(got, [{ text: "x" }]);
  assert.equal(rfb.failed, "");
  for (const size of [3, maxPictureBytes + (2 << 20), 0x7fffffff]) {
    rfb.failed = "";
    assert.equal(rfb.feed(message(provide, new Uint8Array(), size)), false);
    assert.notEqual(rfb.failed, "", String(size));
  }
});

test("packing and unpacking", async () => {
  const data = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7) & 255);
  assert.deepEqual(await inflate(await deflate([data.subarray(0, 10), data.subarray(10)])), data);
});

test("HTML of Windows", () => {
  const marked = "<html><head></head><body>ü<!--StartFragment--><b>€</b><!--EndFragment--></body></html>";
  for (const html of ["", "<b>ä€𝄞</b>", marked]) {
    const bytes = cfhtmlOf(html);
    const text = new TextDecoder("latin1").decode(bytes);
    const at = (name: string) => Number(new RegExp(name + ":(\\d+)").exec(text)![1]);
    const fragment = new TextDecoder().decode(bytes.subarray(at("StartFragment"), at("EndFragment")));
    assert.equal(fragment, html === marked ? "<b>€</b>" : html);
    assert.equal(at("EndHTML"), bytes.length);
    const whole = htmlOf(bytes);
    assert.ok(whole.includes(html) && whole.startsWith("<html>"));
    assert.equal(htmlOf(cfhtmlOf(whole)), whole);
  }
  const fragment = "Version:0.9\r\nStartHTML:-1\r\nEndHTML:-1\r\nStartFragment:73\r\nEndFragment:76\r\n";
  assert.equal(fragment.length, 73);
  assert.equal(htmlOf(utf8(fragment + "abc\0")), "abc");
  for (const bad of [
    "",
    "<b>",
    "Version:1\r\n",
    "Version:1\r\nStartHTML:5\r\nEndHTML:9999\r\n",
    "Version:1\r\nStartHTML:9\r\nEndHTML:3\r\n",
  ])
    assert.equal(htmlOf(utf8(bad)), "");
});

test("a PNG that promises too many pixels is not decoded", () => {
  const png = (width: number, height: number) => {
    const bytes = new Uint8Array(40);
    bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
    new DataView(bytes.buffer).setUint32(16, width);
    new DataView(bytes.buffer).setUint32(20, height);
    return bytes;
  };
  assert.ok(isFitPNG(png(4096, 4096)));
  assert.ok(!isFitPNG(png(4097, 4096)));
  assert.ok(!isFitPNG(png(65535, 65535)));
  assert.ok(!isFitPNG(png(100, 100).subarray(0, 32)));
  assert.ok(!isFitPNG(utf8("GIF89a".padEnd(40))));
  assert.ok(!isFitPNG(new Uint8Array(maxPictureBytes + 1)));
});
