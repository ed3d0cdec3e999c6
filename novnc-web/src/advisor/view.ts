import { Backoff } from "../common/backoff.ts";
import { oneOf, text } from "../common/fields.ts";
import type { Rights } from "../common/rights.ts";
import { keysym } from "../protocol_gen.ts";
import { SealError, type SealedChannel } from "../seal/index.ts";
import { ClipboardLink, type Copied } from "./clipboard.ts";
import { ClipboardRFB, format, type Forms } from "./clipboardrfb.ts";
import type { Key } from "./keys.ts";
import { Pinch } from "./pinch.ts";
import { encodeAgain, isFitPNG } from "./pngpicture.ts";
import { scrollOf } from "./scroll.ts";
import { keepViewSettings, keptViewSettings } from "./store.ts";

export type ViewPhase = "off" | "opening" | "asking" | "shown" | "refused" | "lost";
export const qualityNames = ["sharp", "balanced", "sparing"] as const;
export type Quality = (typeof qualityNames)[number];

const qualities: Record<Quality, { quality: number; compression: number }> = {
  sharp: { quality: 9, compression: 1 },
  balanced: { quality: 6, compression: 2 },
  sparing: { quality: 2, compression: 6 },
};

const maxClipboard = 256 * 1024;
/** How long the customer's program may take to send a picture, in milliseconds. */
const pictureTimeout = 60_000;
/** A longer text typed by keys would keep the customer's computer busy for minutes. */
const maxTyped = 2000;

/** Shows the customer's screen: noVNC on a sealed stream, in one element. */
export class View {
  readonly target: HTMLElement;
  phase: ViewPhase = "off";
  /** The customer's program's reason, after "refused". */
  refusal = "";
  fit: boolean;
  quality: Quality;
  /** The latest text from the customer's clipboard. */
  received = "";
  /** The customer has copied a picture, which can be fetched. */
  hasPicture = false;

  /** The keys that are held down, by their codes. */
  readonly held = new Map<string, Key>();

  /** The zoom by fingers: 1 is the whole picture; null while the picture is shown as `fit` says. */
  zoom: number | null = null;

  private rfb: ClipboardRFB | null = null;
  /** noVNC's place in the target: larger than the target while the picture is zoomed. */
  private readonly inner = document.createElement("div");
  private wanted = false;
  private hadClipboard = false;
  private readonly clipboard = new ClipboardLink(
    () => this.rfb !== null && this.rights().clipboard,
    (copied) => this.offer(copied),
  );
  /** Who waits for the customer's picture. */
  private waitsForPicture: ((picture: Blob | null) => void) | null = null;
  private words = { name: "", wayOut: "" };
  private attempt = 0; // counts attempts to open, so that events of older ones can be ignored
  private readonly backoff = new Backoff();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly connect: () => Promise<SealedChannel>,
    private readonly mayOpen: () => boolean,
    private readonly rights: () => Rights,
    private readonly changed: () => void,
  ) {
    const kept = keptViewSettings();
    this.fit = kept?.fit ?? true;
    this.quality = oneOf(kept?.quality, qualityNames, "balanced");
    this.target = document.createElement("div");
    this.target.className = "canvas-place";
    this.target.dataset["testid"] = "view-canvas";
    this.inner.className = "canvas-inner";
    this.target.append(this.inner);
    new Pinch(this.target, {
      zoom: () => this.zoomNow(),
      isZoomed: () => this.zoom !== null,
      move: (zoom, from, to) => this.zoomTo(zoom, from, to),
      end: () => this.fit && this.zoom === 1 && this.resetZoom(),
    });
    const turnedTo = () => void this.clipboard.update();
    this.target.addEventListener("pointerdown", turnedTo, true);
    this.target.addEventListener("focusin", turnedTo);
    this.target.addEventListener("keydown", (e) => this.scroll(e));
    // Without control the wheel scrolls the picture; noVNC would send it.
    this.target.addEventListener("wheel", (e) => this.rights().control || e.stopPropagation(), { capture: true });
  }

  get isOpen(): boolean {
    return this.rfb !== null || this.phase === "opening";
  }

  open(): void {
    if (this.isOpen) return;
    this.wanted = true;
    this.backoff.reset();
    void this.start();
  }

  close(): void {
    this.wanted = false;
    this.stop("off");
  }

  /** Gives up a line that has gone silent; the view reconnects. */
  drop(): void {
    if (this.isOpen) this.lost();
  }

  /** Called when the session is joined again after the customer was away. */
  resume(): void {
    if (!this.wanted || this.isOpen) return;
    clearTimeout(this.timer);
    this.backoff.reset();
    void this.start();
  }

  /** Applies the rights. The agent enforces them; this only makes the page show them correctly. */
  applyRights(): void {
    const { control, clipboard, point } = this.rights();
    this.target.classList.toggle("look-only", !control && !point);
    this.target.classList.toggle("points", !control && point);
    if (!control) this.held.clear(); // the agent releases them
    if (clipboard !== this.hadClipboard) {
      this.hadClipboard = clipboard;
      this.clipboard.reset();
      this.forgetPicture();
      this.rfb?.forget();
      void this.clipboard.update();
    }
    this.placeFocus();
    if (!this.rfb) return;
    // noVNC's viewOnly also blocks the clipboard. If only the clipboard is allowed, the style sheet
    // keeps the pointer away. Without control the element gets no focus and so no keys.
    this.rfb.viewOnly = !control && !clipboard && !point;
    this.rfb.focusOnClick = control;
    if (!control) this.rfb.blur();
  }

  /** Names the picture for screen readers. `wayOut` says how the keyboard leaves it. */
  describe(name: string, wayOut: string): void {
    if (name === this.words.name && wayOut === this.words.wayOut) return;
    this.words = { name, wayOut };
    this.placeFocus();
  }

  /**
   * Decides what the Tab key reaches. With control this is noVNC's canvas, whose keys go to the
   * customer. Otherwise it is the element around it: there noVNC hears no key, and Tab goes on.
   */
  private placeFocus(): void {
    const canvas = this.target.querySelector("canvas");
    const { control } = this.rights();
    const look = canvas !== null && this.phase === "shown" && !control;
    if (look) {
      this.target.tabIndex = 0;
      this.target.role = "group";
      this.target.ariaLabel = this.words.name;
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) this.target.removeAttribute(name);
    }
    if (!canvas) return;
    // The keyboard stays in the picture when control ends.
    if (look && document.activeElement === canvas) this.target.focus({ preventScroll: true });
    canvas.tabIndex = control ? 0 : -1;
    canvas.role = control ? "application" : "img"; // "application": screen readers pass all keys on
    canvas.ariaLabel = this.words.name;
    if (control) canvas.setAttribute("aria-description", this.words.wayOut);
    else canvas.removeAttribute("aria-description");
    // Browsers let Tab stop at every element that scrolls. Here the element around it does so.
    canvas.parentElement!.tabIndex = -1;
  }

  /** Scrolls a picture that is larger than the window. */
  private scroll(e: KeyboardEvent): void {
    if (e.target !== this.target || e.ctrlKey || e.altKey || e.metaKey) return;
    const step = scrollOf(e.key, this.target.clientHeight);
    if (!step) return;
    e.preventDefault();
    this.target.querySelector("canvas")?.parentElement?.scrollBy(...step); // in its real size
    this.target.scrollBy(...step); // zoomed
  }

  /** Changes how the picture is shown, now and on later visits. */
  set(change: { fit?: boolean; quality?: Quality }): void {
    Object.assign(this, change);
    if (change.fit !== undefined) this.resetZoom();
    keepViewSettings({ fit: this.fit, quality: this.quality });
    this.applySettings();
    this.changed();
  }

  private applySettings(): void {
    if (!this.rfb) return;
    this.rfb.scaleViewport = this.fit || this.zoom !== null;
    this.rfb.qualityLevel = qualities[this.quality].quality;
    this.rfb.compressionLevel = qualities[this.quality].compression;
  }

  /** Shows the picture as before the fingers zoomed it. */
  resetZoom(): void {
    if (this.zoom === null) return;
    this.zoom = null;
    this.inner.style.width = this.inner.style.height = "";
    this.target.classList.toggle("zoomed", false);
    this.applySettings();
    this.changed();
  }

  /** Returns the size of the whole picture in the target, in pixels. */
  private fitted(canvas: HTMLCanvasElement): { width: number; height: number } {
    const { clientWidth, clientHeight } = this.target;
    const scale = Math.min(clientWidth / canvas.width, clientHeight / canvas.height);
    return { width: canvas.width * scale, height: canvas.height * scale };
  }

  private zoomNow(): number {
    const canvas = this.target.querySelector("canvas");
    return canvas ? canvas.getBoundingClientRect().width / this.fitted(canvas).width : 1;
  }

  /**
   * Zooms by giving noVNC more room. noVNC then fits the picture into that, and knows its scale for
   * the positions of the pointer. A CSS transform would make them wrong.
   */
  private zoomTo(zoom: number, from: { x: number; y: number }, to: { x: number; y: number }): void {
    const canvas = this.target.querySelector("canvas");
    if (!this.rfb || !canvas || this.phase !== "shown") return;
    const before = canvas.getBoundingClientRect();
    const fresh = this.zoom === null;
    this.zoom = zoom;
    this.target.classList.toggle("zoomed", true);
    const { width, height } = this.fitted(canvas);
    // In percent, so that they follow the window.
    this.inner.style.width = Math.max(100, (100 * width * zoom) / this.target.clientWidth) + "%";
    this.inner.style.height = Math.max(100, (100 * height * zoom) / this.target.clientHeight) + "%";
    this.rfb.scaleViewport = true; // noVNC takes the new size at once
    const after = canvas.getBoundingClientRect();
    const x = after.left + ((from.x - before.left) / before.width) * after.width - to.x;
    const y = after.top + ((from.y - before.top) / before.height) * after.height - to.y;
    this.target.scrollBy(x, y);
    if (fresh) this.changed();
  }

  focus(): void {
    if (this.rights().control) this.rfb?.focus();
  }

  ctrlAltDel(): void {
    this.rfb?.sendCtrlAltDel();
  }

  /** Holds a key down, or releases it. */
  hold(key: Key): void {
    const down = !this.held.has(key.code);
    if (down) this.held.set(key.code, key);
    else this.held.delete(key.code);
    this.rfb?.sendKey(key.keysym, key.code, down);
    this.changed();
  }

  /** Presses the keys in order and releases them in reverse order. */
  press(keys: Key[]): void {
    for (const k of keys) this.rfb?.sendKey(k.keysym, k.code, true);
    for (const k of [...keys].reverse()) this.rfb?.sendKey(k.keysym, k.code, false);
  }

  /** Types a text as key presses, for places that take no clipboard, such as a password prompt. */
  type(words: string): void {
    for (const c of words.slice(0, maxTyped)) {
      const code = c.codePointAt(0) ?? 0;
      // X11's keysyms: Latin-1 has its own codes, line ends are Return, the rest is Unicode.
      const key = c === "\n" ? keysym.enter : code < 0x100 ? code : 0x0100_0000 + code;
      this.rfb?.sendKey(key, "", true);
      this.rfb?.sendKey(key, "", false);
    }
  }

  /** Takes the keyboard away from the picture, so that it reaches the page. */
  blur(): void {
    this.rfb?.blur();
    // noVNC does not see that these keys are released. At this event it releases all of them.
    window.dispatchEvent(new Event("blur"));
  }

  /** Sends a text that the advisor has written on the page. */
  sendClipboard(words: string): void {
    this.clipboard.sentByHand();
    this.offer({ text: words, html: "" });
  }

  private offer({ text, html }: Copied): void {
    this.rfb?.offer({ text: text.slice(0, maxClipboard), ...(html.length <= maxClipboard ? { html } : {}) });
  }

  /** Whether the customer's program takes pictures, and lets them be fetched. */
  get takesPictures(): boolean {
    return this.rfb?.takesPictures ?? false;
  }

  /** Sends a picture. Rejects if it cannot be decoded, or is too large. */
  async sendPicture(picture: Blob): Promise<void> {
    const { rfb } = this;
    const png = new Uint8Array(await (await encodeAgain(picture)).arrayBuffer());
    if (rfb !== this.rfb || !this.rights().clipboard) throw new Error("the clipboard is not shared any more");
    this.clipboard.sentByHand();
    rfb?.offer({ png });
  }

  /** Fetches the picture that the customer has copied, as this browser encodes it. */
  async fetchPicture(): Promise<Blob> {
    this.waitsForPicture?.(null);
    const picture = await new Promise<Blob | null>((resolve) => {
      const timer = setTimeout(() => resolve(null), pictureTimeout);
      this.waitsForPicture = (picture) => {
        clearTimeout(timer);
        this.waitsForPicture = null;
        resolve(picture);
      };
      this.rfb?.request(format.png);
    });
    if (!picture) throw new Error("the picture did not come");
    return encodeAgain(picture);
  }

  /** The customer has copied something: the texts are fetched at once, a picture on request. */
  private offered(formats: number): void {
    this.hasPicture = (formats & format.png) !== 0;
    const texts = formats & (format.text | format.html);
    if (texts) this.rfb?.request(texts);
    this.changed();
  }

  private arrived({ text, html = "", png }: Forms): void {
    if (png) this.waitsForPicture?.(isFitPNG(png) ? new Blob([png], { type: "image/png" }) : null);
    if (text === undefined) return;
    this.received = text.slice(0, maxClipboard);
    void this.clipboard.receive({ text: this.received, html });
    this.changed();
  }

  private forgetPicture(): void {
    this.hasPicture = false;
    this.waitsForPicture?.(null);
  }

  private async start(): Promise<void> {
    if (!this.mayOpen()) return this.become("lost");
    const attempt = ++this.attempt;
    this.become("opening");
    try {
      const channel = await this.connect();
      if (attempt !== this.attempt) return channel.close();
      this.attach(channel, attempt);
    } catch (e) {
      if (attempt !== this.attempt) return;
      // Another attempt would burn the number or be useless.
      if (e instanceof SealError && ["wrong-number", "burnt", "version", "opened", "origin"].includes(e.failure))
        this.wanted = false;
      this.lost();
    }
  }

  private attach(channel: SealedChannel, attempt: number): void {
    const current = (f: () => void) => {
      if (attempt === this.attempt) f();
    };
    const rfb = new ClipboardRFB(this.inner, channel, { shared: true });
    this.rfb = rfb;
    rfb.mayShare = () => attempt === this.attempt && this.rights().clipboard;
    rfb.onoffer = (formats) => this.offered(formats);
    rfb.onforms = (forms) => this.arrived(forms);
    rfb.background = "transparent";
    rfb.showDotCursor = true;
    rfb.addEventListener("connect", () =>
      current(() => {
        this.backoff.reset();
        this.become("shown");
        if (!isTyping()) this.focus();
      }),
    );
    rfb.addEventListener("securityfailure", ({ detail }) =>
      current(() => {
        this.refusal = text(fromLatin1(detail.reason ?? ""), 300);
        this.wanted = false;
        this.rfb = null; // noVNC closes itself after this event
        this.stop("refused");
      }),
    );
    rfb.addEventListener("disconnect", () =>
      current(() => {
        this.rfb = null;
        this.lost();
      }),
    );
    rfb.addEventListener("clipboard", ({ detail }) =>
      current(() => {
        if (this.rights().clipboard) this.arrived({ text: detail.text });
      }),
    );
    this.applySettings();
    // Until noVNC reports "connect", the customer has not said yes.
    this.become("asking");
  }

  private lost(): void {
    this.stop("lost");
    if (this.wanted) this.timer = setTimeout(() => void this.start(), this.backoff.next());
  }

  private stop(phase: ViewPhase): void {
    clearTimeout(this.timer);
    this.attempt++;
    const rfb = this.rfb;
    this.rfb = null;
    rfb?.disconnect();
    this.resetZoom();
    if (phase !== "refused") this.refusal = "";
    this.received = "";
    this.forgetPicture();
    this.held.clear();
    this.become(phase);
  }

  private become(phase: ViewPhase): void {
    this.phase = phase;
    this.target.dataset["phase"] = phase;
    this.applyRights();
    this.changed();
  }
}

/** Whether somebody is typing on the page: the picture must not take the focus from them. */
export function isTyping(): boolean {
  return document.activeElement instanceof HTMLTextAreaElement;
}

/** Decodes a reason: noVNC reads it byte by byte, while our agent writes UTF-8. */
function fromLatin1(reason: string): string {
  const bytes = Uint8Array.from(reason, (c) => c.charCodeAt(0));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return reason;
  }
}
