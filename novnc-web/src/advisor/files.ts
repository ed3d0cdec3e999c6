// The files that the advisor offers to the customer: PROTOCOL.md, sections 6 and 7a.

import { Backoff } from "../common/backoff.ts";
import { oneOf, text } from "../common/fields.ts";
import {
  fileEnds,
  maxFileName,
  maxFiles,
  maxFileSize,
  sentFileStates,
  type FileEnd,
  type FileState,
  type SentFileState,
  type Unchecked,
} from "../protocol_gen.ts";
import { toBase64url, toHex } from "../seal/bytes.ts";
import type { SealedChannel } from "../seal/index.ts";
import { FileSender, type StreamEnd } from "./filesender.ts";

/** The least time between two messages about offers; 20 messages a second end the stream. */
export const offerEvery = 100;

/** How long before now the rate is measured, in milliseconds. */
const rateSpan = 3000;

/** How often the page is told that bytes have moved, in milliseconds. */
const movedEvery = 250;

/** How many files stay in the list; of those that have ended, the latest. */
const maxShown = 2 * maxFiles;

/** Why a file was not sent, beside the reasons of the agent. */
export type WhyEnded = FileEnd | "withdrawn" | "unreadable" | "over";

/** A file as the browser hands it over; a folder looks like a file. */
export interface Picked {
  file: Blob & { readonly name: string };
  folder: boolean;
}

/** What the page did not offer. `many`: so many files were too many. */
export type Refusal = { why: "folder" | "size" | "name"; name: string } | { why: "many"; count: number };

/** What happened to a file, for the advisor. */
export interface FileEvent {
  file: "accepted" | "sending" | "paused" | "done" | WhyEnded;
  name: string;
}

/** What the agent says about a file. */
export interface ReportedFile {
  id: string;
  state: SentFileState;
  why: FileEnd;
  sha256: string;
}

/** The control stream, as far as files need it. */
export interface FileControl {
  offerFile(id: string, name: string, size: number): void;
  cancelFile(id: string): void;
}

/** Reads what the agent says about a file; null if it makes no sense. */
export function readFileState(f: Unchecked<FileState>): ReportedFile | null {
  const id = text(f["id"], 22);
  const state = oneOf(f["state"], [...sentFileStates, ""], "");
  const sha256 = text(f["sha256"], 64);
  if (!/^[A-Za-z0-9_-]{22}$/.test(id) || state === "") return null;
  return { id, state, why: oneOf(f["why"], fileEnds, "cancelled"), sha256: /^[0-9a-f]{64}$/.test(sha256) ? sha256 : "" };
}

/** One file that is or was offered. */
export class OfferedFile {
  readonly id = drawId();
  readonly size: number;
  readonly sender: FileSender;
  state: "waiting" | "accepted" | "sending" | "done" | "ended" = "waiting";
  /** Why it was not sent; only with "ended". */
  why: WhyEnded | "" = "";
  /** The message about this file that the agent must still get. */
  due: "offer" | "cancel" | "" = "offer";
  /** The agent got the offer on the control stream that is open. */
  told = false;
  /** The customer has begun to save it. */
  begun = false;
  /** A stream is open, or about to be. */
  bringing = false;
  /** The agent has asked for a stream since the last one was begun. */
  again = false;
  private samples: { at: number; counted: number }[] = [];
  private movedAt = -Infinity;

  constructor(
    readonly name: string,
    file: Blob,
    changed: () => void,
    private readonly now: () => number,
  ) {
    this.size = file.size;
    this.sender = new FileSender(this.id, file, () => this.moved(changed), now);
  }

  /** Whether something can still become of it. */
  get live(): boolean {
    return this.state !== "done" && this.state !== "ended";
  }

  /** The bytes that the customer has received. */
  get counted(): number {
    return this.sender.counted;
  }

  /** The SHA-256 of the file in hexadecimal; "" while it is not sent. */
  get sha256(): string {
    return this.state === "done" && this.sender.sum ? toHex(this.sender.sum) : "";
  }

  /** How many bytes a second arrive; null while that is not known, or while none do. */
  get rate(): number | null {
    const now = this.now();
    const first = this.samples.find((s) => now - s.at <= rateSpan);
    if (!first || this.state !== "sending" || this.samples.at(-1) === first) return null;
    return (1000 * (this.counted - first.counted)) / (now - first.at);
  }

  /** The seconds until all bytes have arrived; null while that is not known. */
  get secondsLeft(): number | null {
    const { rate } = this;
    return rate ? Math.ceil((this.size - this.counted) / rate) : null;
  }

  /** Forgets how quickly bytes came: a stream begins, or none is open. */
  forgetRate(): void {
    this.samples = [];
  }

  private moved(changed: () => void): void {
    const at = this.now();
    if (at - this.movedAt < movedEvery && this.samples.length > 0) return;
    this.movedAt = at;
    this.samples = [...this.samples.filter((s) => at - s.at <= rateSpan), { at, counted: this.counted }];
    changed();
  }
}

/** The files of one session, oldest first. */
export class Files {
  all: OfferedFile[] = [];
  /** What was not offered when the advisor last chose files. */
  refused: Refusal[] = [];

  private control: FileControl | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * `open` opens a stream of kind `file`. `happened` is called when the agent or the advisor has
   * changed the state of a file, `changed` after every change.
   */
  constructor(
    private readonly open: () => Promise<SealedChannel>,
    private readonly happened: (event: FileEvent) => void,
    private readonly changed: () => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Whether the page must stay open, because bytes of a file are on their way. */
  get sending(): boolean {
    return this.all.some((f) => f.state === "sending");
  }

  /** Offers files, and notes those that cannot be offered. */
  offer(picked: Picked[]): void {
    this.refused = [];
    let room = maxFiles - this.all.filter((f) => f.live).length;
    let tooMany = 0;
    for (const { file, folder } of picked) {
      const name = offeredName(file.name);
      const why = folder ? "folder" : file.size > maxFileSize ? "size" : name === "" ? "name" : "";
      if (why !== "") this.refused.push({ why, name: file.name });
      else if (room-- > 0) this.all.push(new OfferedFile(name, file, this.changed, this.now));
      else tooMany++;
    }
    if (tooMany > 0) this.refused.push({ why: "many", count: tooMany });
    while (this.all.length > maxShown)
      this.all.splice(
        this.all.findIndex((f) => !f.live),
        1,
      );
    this.speak();
    this.changed();
  }

  /** Withdraws an offer, or ends the transfer. */
  cancel(f: OfferedFile): void {
    if (f.live) this.end(f, "withdrawn");
  }

  /**
   * Called with the control stream after each hello of an agent that takes files. A new stream gets
   * all offers again.
   */
  connect(control: FileControl): void {
    if (control === this.control) return;
    this.control = control;
    for (const f of this.all) {
      f.told = false;
      f.due = f.live ? "offer" : "";
    }
    this.speak();
  }

  /** Called when the control stream is gone. Streams that bring files go on. */
  disconnect(): void {
    this.control = null;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Called when the line does not answer any more: its streams bring nothing. */
  drop(): void {
    for (const f of this.all) f.sender.close();
  }

  /** Called when the session is over for this page. */
  stop(): void {
    this.disconnect();
    for (const f of this.all) if (f.live) this.end(f, "over");
  }

  /** Called with each state that the agent reports. */
  take({ id, state, why, sha256 }: ReportedFile): void {
    const f = this.all.find((o) => o.id === id);
    if (!f?.live) return;
    switch (state) {
      case "waiting":
        return;
      case "accepted":
        if (f.state === "accepted") return;
        this.set(f, "accepted", f.begun ? "paused" : "accepted");
        return f.sender.close();
      case "wanted":
        if (f.state === "waiting") this.happened({ file: "accepted", name: f.name });
        if (f.state !== "sending") this.set(f, "sending", "sending");
        f.begun = f.again = true;
        return void this.bring(f);
      case "done":
        // What the customer received must be what was sent.
        if (!f.sender.sum || sha256 !== toHex(f.sender.sum)) return this.end(f, "damaged");
        return this.set(f, "done", "done");
      case "ended":
        return this.end(f, why);
    }
  }

  private set(f: OfferedFile, state: "accepted" | "sending" | "done", event: FileEvent["file"]): void {
    f.state = state;
    f.forgetRate();
    this.happened({ file: event, name: f.name });
    this.changed();
  }

  private end(f: OfferedFile, why: WhyEnded): void {
    f.state = "ended";
    f.why = why;
    f.again = false;
    f.due = f.told && (why === "withdrawn" || why === "unreadable") ? "cancel" : "";
    f.sender.close();
    this.happened({ file: why, name: f.name });
    this.speak();
    this.changed();
  }

  /** Opens streams as long as the agent wants the file, one after the other. */
  private async bring(f: OfferedFile): Promise<void> {
    if (f.bringing) return;
    f.bringing = true;
    const backoff = new Backoff();
    while (f.again && f.state === "sending") {
      f.again = false;
      const before = f.counted;
      const end = await this.stream(f);
      if (end === "unreadable" && f.live) this.end(f, "unreadable");
      // The agent asks again only for a stream of which it knows.
      if (end === "unheard") f.again = true;
      if (f.counted > before) backoff.reset();
      else if (f.again && f.state === "sending") await new Promise((resolve) => setTimeout(resolve, backoff.next()));
    }
    f.bringing = false;
  }

  private async stream(f: OfferedFile): Promise<StreamEnd> {
    let channel: SealedChannel;
    try {
      channel = await this.open();
    } catch {
      return "unheard";
    }
    if (f.state === "sending") return f.sender.send(channel);
    channel.close();
    return "early";
  }

  /** Sends the next message about an offer, and the others later. */
  private speak(): void {
    if (this.timer !== undefined || !this.control) return;
    const f = this.all.find((o) => o.due !== "");
    if (!f) return;
    if (f.due === "offer") this.control.offerFile(f.id, f.name, f.size);
    else this.control.cancelFile(f.id);
    f.told = true;
    f.due = "";
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.speak();
    }, offerEvery);
  }
}

/** The name as it is offered: a long one loses characters in front of its ending. "" for none. */
function offeredName(name: string): string {
  const all = [...text(name, name.length).trim()];
  const dot = all.lastIndexOf(".");
  const ending = dot > 0 && all.length - dot < 20 ? all.slice(dot) : [];
  return all.length <= maxFileName ? all.join("") : all.slice(0, maxFileName - ending.length).join("") + ending.join("");
}

function drawId(): string {
  return toBase64url(crypto.getRandomValues(new Uint8Array(16)));
}
