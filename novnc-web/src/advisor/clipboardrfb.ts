import RFB from "../common/boundedrfb.ts";
import { clipboardPNG, maxClipText, maxPictureBytes } from "../protocol_gen.ts";
import { cfhtmlOf, htmlOf } from "./cfhtml.ts";

/** One content of a clipboard. `png` is as the other side has encoded it. */
export interface Forms {
  text?: string;
  html?: string;
  png?: Uint8Array<ArrayBuffer>;
}

/** The formats of rfbproto's Extended Clipboard; PNG is this project's own. */
export const format = { text: 1, html: 1 << 2, png: clipboardPNG } as const;
const known = format.text | format.html | format.png;
const formats = 0xffff;

const caps = 1 << 24;
const request = 1 << 25;
const peek = 1 << 26;
const notify = 1 << 27;
const provide = 1 << 28;

/** The largest message, and the largest content in it when it is expanded. */
const maxMessage = maxPictureBytes + (1 << 20);
const maxExpanded = maxPictureBytes + 4 * maxClipText;

/**
 * noVNC with HTML and pictures in the clipboard: its own code takes only texts. Contents are
 * announced first and sent when the other side requests them.
 */
export class ClipboardRFB extends RFB {
  /** Whether the right to the clipboard is in effect. */
  mayShare: () => boolean = () => false;
  /** The customer has copied something that there is in these formats. */
  onoffer: (offered: number) => void = () => {};
  /** What was requested has come. */
  onforms: (forms: Forms) => void = () => {};

  private serverTakes = 0; // formats
  private requested = 0;
  private own: Forms = {};
  private work: Promise<void> = Promise.resolve();

  /** Whether the other side takes pictures. */
  get takesPictures(): boolean {
    return (this.serverTakes & format.png) !== 0;
  }

  /** Requests what was offered. */
  request(wanted: number): void {
    this.requested |= wanted;
    this.say(request | wanted);
  }

  /** Offers a content of the advisor's clipboard. */
  offer(forms: Forms): void {
    this.own = forms;
    const offered = formatsOf(forms) & this.serverTakes;
    if (offered) this.say(notify | offered);
    else if (this.serverTakes === 0 && forms.text !== undefined) this.clipboardPasteFrom(forms.text);
  }

  /** Forgets what was offered and requested. */
  forget(): void {
    this.own = {};
    this.requested = 0;
  }

  protected override _handleServerCutText(): boolean {
    const sock = this._sock;
    if (sock.rQwait("clipboard header", 7, 1)) return false;
    const head = sock.rQpeekBytes(7);
    const size = -new DataView(head.buffer, head.byteOffset).getInt32(3);
    if (size <= 0) return super._handleServerCutText();
    if (size < 4 || size > maxMessage) return this._fail("a clipboard message of that size");
    if (sock.rQwait("clipboard message", 7 + size, 1)) return false;
    sock.rQskipBytes(7);
    const body = sock.rQshiftBytes(size);
    const flags = new DataView(body.buffer, body.byteOffset).getUint32(0);
    if (flags & caps) this.learn(flags & formats);
    else if (this.mayShare()) this.act(flags, body.subarray(4));
    return true;
  }

  /** Learns what the server takes. A server that knows PNG says so once it knows that we do. */
  private learn(taken: number): void {
    this.serverTakes = taken;
    if (taken & format.png) return;
    const actions = caps | request | peek | notify | provide;
    this.say(actions | known, new Uint8Array(4 * 3)); // nothing unrequested
  }

  private act(flags: number, data: Uint8Array<ArrayBuffer>): void {
    const asked = flags & known;
    if (flags & provide) this.queue(() => this.receive(flags & formats, data));
    else if (flags & notify) this.onoffer(asked);
    else if (flags & request) this.queue(() => this.send(asked & formatsOf(this.own), this.own));
    else if (flags & peek) this.say(notify | (formatsOf(this.own) & this.serverTakes));
  }

  /** Does one thing after the other. What fails was nonsense, or the other side is gone. */
  private queue(task: () => Promise<void>): void {
    this.work = this.work.then(task).catch(() => {});
  }

  private async receive(sent: number, data: Uint8Array<ArrayBuffer>): Promise<void> {
    const wanted = sent & this.requested;
    if (!wanted) return;
    this.requested &= ~wanted;
    const forms = formsOf(sent, wanted, await inflate(data));
    if (this.mayShare()) this.onforms(forms);
  }

  private async send(sent: number, forms: Forms): Promise<void> {
    if (!sent) return;
    const data = await deflate(bytesOf(sent, forms));
    if (this.mayShare() && forms === this.own) this.say(provide | sent, data);
  }

  /** Sends an extended message. */
  private say(flags: number, data: Uint8Array = new Uint8Array()): void {
    const message = new Uint8Array(12 + data.length);
    const view = new DataView(message.buffer);
    message[0] = 6; // ClientCutText
    view.setInt32(4, -(4 + data.length));
    view.setUint32(8, flags >>> 0);
    message.set(data, 12);
    this._sock.sQpushBytes(message);
    this._sock.flush();
  }
}

function formatsOf(forms: Forms): number {
  return (forms.text ? format.text : 0) | (forms.html ? format.html : 0) | (forms.png ? format.png : 0);
}

/** The forms in the order of their formats, each behind its length. */
export function bytesOf(sent: number, { text = "", html = "", png = new Uint8Array() }: Forms): Uint8Array<ArrayBuffer>[] {
  const forms: Uint8Array<ArrayBuffer>[] = [];
  if (sent & format.text) forms.push(new TextEncoder().encode(text.replace(/\r?\n/g, "\r\n") + "\0"));
  if (sent & format.html) forms.push(cfhtmlOf(html));
  if (sent & format.png) forms.push(png);
  return forms.flatMap((form) => {
    const size = new Uint8Array(4);
    new DataView(size.buffer).setUint32(0, form.length);
    return [size, form];
  });
}

/** Reads the wanted ones of the forms that were sent. */
export function formsOf(sent: number, wanted: number, bytes: Uint8Array<ArrayBuffer>): Forms {
  const forms: Forms = {};
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  for (let bit = 1; bit <= format.png; bit <<= 1) {
    if (!(sent & bit)) continue;
    const end = at + 4 + view.getUint32(at);
    if (end > bytes.length) throw new Error("a form ends early");
    const form = bytes.subarray(at + 4, end);
    at = end;
    if (!(wanted & bit)) continue;
    if (bit === format.text) forms.text = new TextDecoder().decode(form).replace(/\0$/, "").replaceAll("\r\n", "\n");
    if (bit === format.html && form.length <= maxClipText + 4096) forms.html = htmlOf(form).replace(/\0$/, "");
    if (bit === format.png) forms.png = form;
  }
  return forms;
}

export async function deflate(parts: Uint8Array<ArrayBuffer>[]): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob(parts).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** Expands up to a limit; a few bytes could become gigabytes. */
export async function inflate(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > maxExpanded) {
      void reader.cancel().catch(() => {});
      throw new Error("too much in a clipboard message");
    }
    parts.push(value as Uint8Array<ArrayBuffer>);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
