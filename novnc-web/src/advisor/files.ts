// The files of a session, in both directions: PROTOCOL.md, sections 6 and 7a.

import { Backoff } from "../common/backoff.ts";
import type { Picked } from "../common/drop.ts";
import { oneOf, text } from "../common/fields.ts";
import { drawFileId, isFileId } from "../common/filename.ts";
import type { ReceiveEnd } from "../common/filereceiver.ts";
import { FileSender } from "../common/filesender.ts";
import { chooseTarget, TooLarge, type FileTarget } from "../common/filetarget.ts";
import { MovingFile } from "../common/movingfile.ts";
import { cutName } from "../common/shortname.ts";
import {
  fileEnds,
  maxFiles,
  maxFileSize,
  sentFileStates,
  type FileEnd,
  type FileState,
  type SentFileState,
  type Unchecked,
} from "../protocol_gen.ts";
import { toHex } from "../seal/bytes.ts";
import type { SealedChannel } from "../seal/index.ts";
import { GivenFile, whyNotSaved, type GivenOffer, type WhyNotSaved } from "./givenfile.ts";

/** The least time between two messages about offers; 20 messages a second end the stream. */
export const offerEvery = 100;

/** How many files stay in the list; of those that have ended, the latest. */
const maxShown = 2 * maxFiles;

/** Why a file was not sent, beside the reasons of the agent. */
export type WhyEnded = FileEnd | "withdrawn" | "unreadable" | "over";

/**
 * What the page did not do. `folder`, `size`, `name`, `many`: not offered; so many files were too
 * many. `memory`, `place`: not saved, as it is too large for this browser, or cannot be there.
 */
export type Refusal = { why: "folder" | "size" | "name" | "memory" | "place"; name: string } | { why: "many"; count: number };

/** What happened to a file, for the advisor; the last four to one that the customer gives. */
export type FileEvent =
  | { file: "accepted" | "sending" | "paused" | "done" | WhyEnded; name: string }
  | { file: "given" | "receiving" | "saved"; name: string }
  | { file: "notSaved"; why: WhyNotSaved; name: string };

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
  if (!isFileId(id) || state === "") return null;
  return { id, state, why: oneOf(f["why"], fileEnds, "cancelled"), sha256: /^[0-9a-f]{64}$/.test(sha256) ? sha256 : "" };
}

/** One file that is or was offered. */
export class OfferedFile extends MovingFile {
  readonly given = false;
  readonly sender: FileSender;
  state: "waiting" | "accepted" | "sending" | "done" | "ended" = "waiting";
  /** Why it was not sent; only with "ended". */
  why: WhyEnded | "" = "";
  override due: MovingFile["due"] = "offer";
  /** The agent got the offer on the control stream that is open. */
  told = false;
  /** The customer has begun to save it. */
  begun = false;
  /** A stream is open, or about to be. */
  bringing = false;
  /** The agent has asked for a stream since the last one was begun. */
  again = false;

  constructor(name: string, file: Blob, changed: () => void, now: () => number) {
    super(drawFileId(), name, file.size, changed, now);
    this.sender = new FileSender(this.id, file, this.moved, now);
  }

  get live(): boolean {
    return this.state !== "done" && this.state !== "ended";
  }

  get moving(): boolean {
    return this.state === "sending";
  }

  get counted(): number {
    return this.sender.counted;
  }

  get sha256(): string {
    return this.state === "done" && this.sender.sum ? toHex(this.sender.sum) : "";
  }

  close(): void {
    this.sender.close();
  }
}

/** A file of the list. */
export type ListedFile = OfferedFile | GivenFile;

/** The files of one session, oldest first. */
export class Files {
  all: ListedFile[] = [];
  /** What the page did not do when the advisor last chose files, or where to save one. */
  refused: Refusal[] = [];

  private control: FileControl | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * `open` opens a stream of kind `file`. `happened` is called when the agent or the advisor has
   * changed the state of a file, `changed` after every change. `choose` opens what a file is saved
   * to, when the advisor clicks.
   */
  constructor(
    private readonly open: () => Promise<SealedChannel>,
    private readonly happened: (event: FileEvent) => void,
    private readonly changed: () => void,
    private readonly now: () => number = () => performance.now(),
    private readonly choose: (name: string, size: number) => Promise<FileTarget | null> = chooseTarget,
  ) {}

  /** Whether the page must stay open, because bytes of a file are on their way. */
  get moving(): boolean {
    return this.all.some((f) => f.moving);
  }

  /** How many of the customer's files the advisor has not seen. */
  get unseen(): number {
    return this.all.filter((f) => f.given && !f.seen).length;
  }

  /** Called while the advisor sees the list. */
  see(): void {
    for (const f of this.all) if (f.given) f.seen = true;
  }

  /** Offers files, and notes those that cannot be offered. */
  offer(picked: Picked[]): void {
    this.refused = [];
    let room = maxFiles - this.all.filter((f) => !f.given && f.live).length;
    let tooMany = 0;
    for (const { file, folder } of picked) {
      const name = cutName(text(file.name, file.name.length).trim());
      const why = folder ? "folder" : file.size > maxFileSize ? "size" : name === "" ? "name" : "";
      if (why !== "") this.refused.push({ why, name: file.name });
      else if (room-- > 0) this.add(new OfferedFile(name, file, this.changed, this.now));
      else tooMany++;
    }
    if (tooMany > 0) this.refused.push({ why: "many", count: tooMany });
    this.speak();
    this.changed();
  }

  /** Called with each file that the agent says the customer gives. Known ones come again. */
  give(offer: GivenOffer): void {
    const known = this.all.find((f) => f.id === offer.id);
    // What this page has left can go on when the page takes the session back.
    if (known && !(known.given && known.why === "over")) return;
    if (this.all.filter((f) => f.given && f.live).length >= maxFiles) return;
    this.all = this.all.filter((f) => f !== known);
    this.add(new GivenFile(offer, this.changed, this.now));
    this.happened({ file: "given", name: offer.name });
    this.changed();
  }

  private add(f: ListedFile): void {
    this.all.push(f);
    while (this.all.length > maxShown)
      this.all.splice(
        this.all.findIndex((o) => !o.live),
        1,
      );
  }

  /** Saves a file that the customer gives. Must be called directly from a click. */
  async save(f: GivenFile): Promise<void> {
    if (f.choosing || f.state !== "offered") return;
    f.choosing = true;
    this.refused = [];
    this.changed();
    let target: FileTarget | null = null;
    try {
      target = await this.choose(f.name, f.size);
    } catch (e) {
      this.refused = [{ why: e instanceof TooLarge ? "memory" : "place", name: f.name }];
    }
    f.choosing = false;
    this.changed();
    if (!target) return;
    if (f.live) void this.receive(f, target);
    else await target.abort().catch(() => {}); // the offer has ended meanwhile
  }

  /** Withdraws an offer, ends the transfer, or says that a file is not wanted. */
  cancel(f: ListedFile): void {
    if (!f.live) return;
    if (f.given) this.endGiven(f, f.state === "offered" ? "refused" : "withdrawn", true);
    else this.end(f, "withdrawn");
  }

  /**
   * Called with the control stream after each hello of an agent that takes files. A new stream gets
   * all offers again.
   */
  connect(control: FileControl): void {
    if (control === this.control) return;
    this.control = control;
    for (const f of this.all) {
      if (f.given) continue;
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
    for (const f of this.all) f.close();
  }

  /** Called when the session is over for this page. */
  stop(): void {
    this.disconnect();
    for (const f of this.all)
      if (!f.live) continue;
      else if (f.given) this.endGiven(f, "over", false);
      else this.end(f, "over");
  }

  /** Called with each state that the agent reports. */
  take({ id, state, why, sha256 }: ReportedFile): void {
    const f = this.all.find((o) => o.id === id);
    if (!f?.live) return;
    if (f.given) {
      // This page has not counted the last byte, or the file would have ended here.
      if (state === "done") this.endGiven(f, "elsewhere", false);
      else if (state === "ended") this.endGiven(f, whyNotSaved(why), false);
      return;
    }
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

  private async receive(f: GivenFile, target: FileTarget): Promise<void> {
    this.setGiven(f, "receiving", "receiving");
    const stream = (use: (channel: SealedChannel) => Promise<ReceiveEnd>) => this.stream(f, use);
    const end = await f.receive(target, stream);
    if (end === "saved") this.setGiven(f, "done", "saved");
    else if (end !== "early" && f.live) this.endGiven(f, end, true);
  }

  private setGiven(f: GivenFile, state: "receiving" | "done", event: "receiving" | "saved"): void {
    f.state = state;
    f.why = ""; // also if the end of the session came while the last byte was saved
    f.forgetRate();
    this.happened({ file: event, name: f.name });
    this.changed();
  }

  /** `tell`: the agent does not know it. */
  private endGiven(f: GivenFile, why: WhyNotSaved, tell: boolean): void {
    f.state = "ended";
    f.why = why;
    f.due = tell ? "cancel" : "";
    f.close();
    this.happened({ file: "notSaved", why, name: f.name });
    this.speak();
    this.changed();
  }

  private set(f: OfferedFile, state: "accepted" | "sending" | "done", event: "accepted" | "sending" | "paused" | "done"): void {
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
      const end = await this.stream(f, (channel) => f.sender.send(channel));
      if (end === "unreadable" && f.live) this.end(f, "unreadable");
      // The agent asks again only for a stream of which it knows.
      if (end === "unheard") f.again = true;
      if (f.counted > before) backoff.reset();
      else if (f.again && f.state === "sending") await new Promise((resolve) => setTimeout(resolve, backoff.next()));
    }
    f.bringing = false;
  }

  /** Opens a stream for a file, which may not be wanted any more when it is open. */
  private async stream<End>(f: ListedFile, use: (channel: SealedChannel) => Promise<End>): Promise<End | "unheard" | "early"> {
    let channel: SealedChannel;
    try {
      channel = await this.open();
    } catch {
      return "unheard";
    }
    if (f.moving) return use(channel);
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
    if (!f.given) f.told = true;
    f.due = "";
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.speak();
    }, offerEvery);
  }
}
