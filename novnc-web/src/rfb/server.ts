// An RFB server for one viewer: RFC 6143 and the community's extensions. It shows a picture and
// accepts no input. The same code runs in a browser's worker and, for the tests, in Node.

import { capabilitiesOf, pseudo, rectHeader, type Capabilities } from "./encodings.ts";
import { Flow } from "./flow.ts";
import { handshake, Refusal, serverInit } from "./handshake.ts";
import { readMessage, type ClientMessage } from "./messages.ts";
import type { Picture } from "./picture.ts";
import { Converter } from "./pixels.ts";
import { TileSet, type Rect } from "./tiles.ts";
import { Updater, type JpegEncoder } from "./updater.ts";
import { Ended, Reader, Writer, type Bytes } from "./wire.ts";

export { Refusal };

/** The line to a viewer, with the members of a WebSocket. */
export interface Duplex {
  send(data: Bytes): void;
  close(): void;
  /** The bytes that were sent and have not left yet. */
  readonly bufferedAmount: number;
  onmessage: ((e: { data: ArrayBuffer }) => void) | null;
  onclose: ((e: unknown) => void) | null;
}

export interface ServerConfig {
  picture: Picture;
  name: string;
  /** Asks the customer; `gone` aborts when the viewer no longer waits. */
  approve?: (gone: AbortSignal) => Promise<void>;
  /**
   * The limit for the viewer's first message if it is higher than the others, in milliseconds: for
   * a viewer whose user is asked something first.
   */
  patience?: number;
  /** Makes JPEG pictures; without it nothing is sent lossily. */
  encodeJPEG?: JpegEncoder;
}

const serverMessage = { framebufferUpdate: 0, endOfContinuousUpdates: 150, fence: 248 } as const;

// rfbproto, "ClientFence" and "ServerFence". SyncNext is answered like the other flags.
const fenceBlockBefore = 1 << 0;
const fenceSyncNext = 1 << 2;
const fenceKnown = 7;
const fenceRequest = 0x8000_0000;

/** No update begins while more bytes than this wait in the line. */
const maxBuffered = 256 * 1024;
const lineCheck = 15;
/** How many answers a viewer may request before it reads them. */
const maxQueued = 64;
const handful = 64;

export class Server {
  private readonly reader = new Reader();
  private readonly gone = new AbortController();
  private readonly updater: Updater;
  private readonly picture: Picture;
  private name: string;

  private queued: Bytes[] = [];
  private caps: Capabilities = capabilitiesOf([]);
  private flow = new Flow();
  private wantsUpdate = false;
  /** Whether one update must contain everything that was requested last. */
  private wholeDue = false;
  private requested: TileSet;
  private continuous: Rect | null = null;
  private layoutDue = false;
  private sizeReplies = 0;
  private nameDue = false;
  private told = { fence: false, continuousUpdates: false };
  private syncNext: Bytes | null = null;
  private running = false;
  private closed = false;
  private failure: unknown = null;
  private wake: (() => void) | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly line: Duplex,
    private readonly config: ServerConfig,
  ) {
    this.picture = config.picture;
    this.name = config.name;
    this.requested = new TileSet(this.picture.width, this.picture.height);
    this.updater = new Updater(this.picture, config.encodeJPEG ?? null, () => this.rouse());
  }

  /** Serves until the line ends and resolves with the reason: null if the viewer just left. */
  async serve(): Promise<unknown> {
    const { line, reader, config } = this;
    line.onmessage = ({ data }) => {
      if (!reader.push(new Uint8Array(data))) this.fail(new Error("rfb: the viewer sends more than is read"));
    };
    line.onclose = () => this.fail(null);
    try {
      await handshake({
        reader,
        send: (data) => line.send(data),
        approve: () => this.approve(),
        hurry: (within) => this.hurry(within),
        patience: config.patience ?? 0,
      });
      this.begin();
      await Promise.all([this.readLoop(), this.writeLoop()]);
    } catch (e) {
      this.fail(e instanceof Ended ? null : e);
    }
    return this.failure;
  }

  close(): void {
    this.fail(null);
  }

  setName(name: string): void {
    this.name = name;
    this.nameDue = true;
    this.rouse();
  }

  private async approve(): Promise<void> {
    await this.config.approve?.(this.gone.signal);
    if (this.gone.signal.aborted) throw new Ended();
  }

  private hurry(within: number): void {
    clearTimeout(this.timer);
    if (within) this.timer = setTimeout(() => this.fail(new Error("rfb: the viewer did not finish the handshake")), within);
  }

  /** Called after the handshake: the viewer learns the size, and has no pixels yet. */
  private begin(): void {
    const { width, height } = this.picture;
    this.updater.begin(width, height);
    this.requested = new TileSet(width, height);
    this.line.send(serverInit(width, height, this.name));
    this.running = true;
  }

  private fail(e: unknown): void {
    if (this.closed) return;
    this.closed = true;
    this.failure = e;
    clearTimeout(this.timer);
    this.updater.stop();
    this.reader.end();
    this.gone.abort();
    this.line.close();
    this.rouse();
  }

  private rouse(): void {
    this.wake?.();
  }

  private async readLoop(): Promise<void> {
    while (!this.closed && !this.reader.over) {
      const message = await readMessage(this.reader);
      const fence = this.syncNext;
      this.syncNext = null;
      this.take(message);
      if (fence) this.queue(fence);
      this.rouse();
    }
  }

  private take(m: ClientMessage): void {
    switch (m.type) {
      case "format":
        return this.updater.setFormat(new Converter(m.format));
      case "encodings":
        return this.setEncodings(m.encodings);
      case "request":
        return this.request(m.incremental, m.area);
      case "continuous":
        this.continuous = m.on ? m.area : null;
        // rfbproto: also if they were off already.
        if (!m.on) this.queue(Uint8Array.of(serverMessage.endOfContinuousUpdates));
        return;
      case "fence":
        return this.fence(m.flags, m.payload);
      case "size":
        // A viewer must not change the screen.
        if (this.caps.extendedDesktopSize) this.sizeReplies = Math.min(this.sizeReplies + 1, handful);
        return;
    }
  }

  private setEncodings(list: number[]): void {
    this.caps = capabilitiesOf(list);
    this.updater.setEncoding(this.caps);
    this.layoutDue ||= this.caps.extendedDesktopSize;
    if (!this.caps.fence) this.flow = new Flow(); // nothing on its way will be answered
    if (this.caps.fence && !this.told.fence) {
      this.told.fence = true;
      this.queue(fenceMessage(fenceRequest, new Uint8Array(0)));
    }
    if (this.caps.continuousUpdates && !this.told.continuousUpdates) {
      this.told.continuousUpdates = true;
      this.queue(Uint8Array.of(serverMessage.endOfContinuousUpdates));
    }
  }

  /** RFC 6143, section 7.5.3. */
  private request(incremental: boolean, area: Rect): void {
    if (this.continuous && incremental) return; // rfbproto: must be ignored
    if (!incremental) {
      this.updater.dirty.addRect(area);
      this.layoutDue ||= this.caps.extendedDesktopSize;
      // Simple viewers expect the whole picture in the first update.
      this.wholeDue ||= !this.caps.fence && !this.caps.continuousUpdates;
    }
    this.requested.addRect(area);
    this.wantsUpdate = true; // also for an empty area: a size or a name may be due
  }

  private fence(flags: number, payload: Uint8Array): void {
    if ((flags & fenceRequest) === 0) return this.flow.answered(payload, performance.now());
    const answer = fenceMessage(flags & fenceKnown, payload);
    if ((flags & fenceSyncNext) !== 0) this.syncNext = answer;
    else this.queue(answer);
  }

  private queue(data: Bytes): void {
    if (this.queued.length >= maxQueued) throw new Error(`rfb: viewer let ${maxQueued} answers wait`);
    this.queued.push(data);
  }

  /** Writes when the viewer is ready: answers at once, updates when the line can take them. */
  private async writeLoop(): Promise<void> {
    while (!this.closed) {
      for (const data of this.queued.splice(0)) this.line.send(data);
      if (!this.ready()) {
        await this.woken();
      } else if (this.line.bufferedAmount > maxBuffered) {
        await new Promise((resolve) => setTimeout(resolve, lineCheck));
      } else {
        await this.update();
      }
    }
  }

  private woken(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = () => {
        this.wake = null;
        resolve();
      };
    });
  }

  /**
   * Whether an update can begin: the viewer requested it, the line can take it, and something
   * changed. Nothing begins between a SyncNext and the message after it.
   */
  private ready(): boolean {
    if (!this.running || this.syncNext || !(this.wantsUpdate || this.continuous) || this.flow.full) return false;
    return this.resizeDue || this.pseudoDue || this.updater.hasNews(this.area());
  }

  private get resizeDue(): boolean {
    const { width, height } = this.updater;
    const able = this.caps.desktopSize || this.caps.extendedDesktopSize;
    return able && (width !== this.picture.width || height !== this.picture.height);
  }

  private get pseudoDue(): boolean {
    return this.layoutDue || this.sizeReplies > 0 || (this.nameDue && this.caps.desktopName);
  }

  private area(): TileSet {
    const area = new TileSet(this.updater.width, this.updater.height);
    if (this.wantsUpdate) area.addAll(this.requested);
    if (this.continuous) area.addRect(this.continuous);
    return area;
  }

  /**
   * Writes one FramebufferUpdate (RFC 6143, section 7.6.1), or writes nothing and keeps the request
   * open.
   */
  private async update(): Promise<void> {
    const area = this.area();
    const [asked, requested] = [this.wantsUpdate, this.requested];
    this.wantsUpdate = false;
    this.requested = new TileSet(this.updater.width, this.updater.height);
    const w = new Writer().u8(serverMessage.framebufferUpdate, 0).u16(0);
    let rects = this.appendName(w);
    const sizes = this.appendSizes(w);
    if (sizes === 0) {
      // Not together with a size (rfbproto, "ExtendedDesktopSize"): pixels follow with the next
      // request.
      const whole = this.wholeDue;
      this.wholeDue = false;
      const count = await this.updater.append(w, area, whole);
      if (this.closed) return;
      this.wholeDue ||= whole && count === 0;
      rects += count;
    }
    rects += sizes;
    if (rects === 0) {
      // The viewer may have sent another request while the pixels were made.
      this.requested.addAll(requested);
      this.wantsUpdate ||= asked;
      return;
    }
    w.patch16(2, rects);
    if (this.caps.fence)
      w.bytes(fenceMessage((fenceRequest | fenceBlockBefore) >>> 0, this.flow.sent(w.length, performance.now())));
    this.line.send(w.take());
  }

  private appendName(w: Writer): number {
    if (!this.nameDue || !this.caps.desktopName) return 0;
    this.nameDue = false;
    const text = new TextEncoder().encode(this.name);
    rectHeader(w, { x: 0, y: 0, width: 0, height: 0 }, pseudo.desktopName);
    w.u32(text.length).bytes(text);
    return 1;
  }

  private appendSizes(w: Writer): number {
    const { width, height } = this.picture;
    let rects = 0;
    for (; this.sizeReplies > 0; this.sizeReplies--, rects++)
      extendedDesktopSize(w, this.updater.width, this.updater.height, reason.client, result.forbidden);
    const resized = this.resizeDue;
    if (this.caps.extendedDesktopSize && (resized || this.layoutDue)) {
      extendedDesktopSize(w, width, height, reason.server, result.ok);
      rects++;
    } else if (resized) {
      rectHeader(w, { x: 0, y: 0, width, height }, pseudo.desktopSize);
      rects++;
    }
    this.layoutDue = false;
    if (resized) {
      this.updater.begin(width, height);
      this.requested = new TileSet(width, height);
    }
    return rects;
  }
}

// rfbproto, "ExtendedDesktopSize Pseudo-encoding".
const reason = { server: 0, client: 1 } as const;
const result = { ok: 0, forbidden: 1 } as const;

function extendedDesktopSize(w: Writer, width: number, height: number, why: number, outcome: number): void {
  rectHeader(w, { x: why, y: outcome, width, height }, pseudo.extendedDesktopSize);
  w.u8(1, 0, 0, 0).u32(1).u16(0, 0, width, height).u32(0);
}

function fenceMessage(flags: number, payload: Uint8Array): Bytes {
  return new Writer().u8(serverMessage.fence, 0, 0, 0).u32(flags).u8(payload.length).bytes(payload).take();
}
