// The agent's part of files, PROTOCOL.md, sections 6 and 7a: agent/fileoffers.go does the same. The
// difference is that this page is also the customer's browser, which saves and reads them.

import type { Picked } from "../../common/drop.ts";
import { readFileHeader, type FileChannel } from "../../common/fileheader.ts";
import { FileReceiver } from "../../common/filereceiver.ts";
import { FileSender } from "../../common/filesender.ts";
import { downloadTarget, maxInMemory, savesLarge, type FileTarget } from "../../common/filetarget.ts";
import { cutName } from "../../common/shortname.ts";
import type { Giving, Refusal } from "../../panel/givefiles.ts";
import type { OfferedFile } from "../../panel/snapshot.ts";
import { fileClaim, maxFiles, maxFileSize, type FileState, type FromAgent } from "../../protocol_gen.ts";
import type { Entry } from "../../record/log.ts";
import type { Change, Consent, ConsentEvent } from "./consent.ts";
import { FileList, type Limits, type SharedFile } from "./filelist.ts";

/** The shortest time between two reports that bytes have moved, in milliseconds. */
const movedEvery = 250;

/** An advisor's end that offers files. */
export interface FilePeer {
  send(message: FromAgent): void;
}

/** The session, as far as files need it. */
export interface FileSession {
  consent(): Consent;
  /** Whether its end has begun. */
  ending(): boolean;
  apply(e: ConsentEvent): void;
  /** Sends a message to all of the advisor's ends. */
  report(message: FromAgent): void;
  note(entry: Omit<Entry, "time">): void;
  /** The files that the page shows have changed. */
  changed(): void;
}

type AnyFile = SharedFile<FilePeer>;

/** The files of a session in which the customer shares from the page. */
export class SharedFiles implements Giving {
  refused: Refusal[] = [];
  changed: () => void = () => {};

  private readonly list = new FileList<FilePeer>();
  /** The file that the open question is about. */
  private asked: AnyFile | null = null;
  private readonly unreadable = new Set<string>();
  private advancing = false;
  private movedAt = -Infinity;
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(
    private readonly session: FileSession,
    private readonly open: (name: string, size: number) => Promise<FileTarget> = downloadTarget,
    large: Promise<boolean> = savesLarge(),
  ) {
    void large.then((on) => (this.list.maxSaved = on ? maxFileSize : maxInMemory));
  }

  limit(limits: Limits | null): void {
    this.list.limits = limits;
  }

  get question(): OfferedFile | null {
    return this.asked?.shown() ?? null;
  }

  shown(): OfferedFile[] {
    return this.list.all.map((f) => f.shown());
  }

  /** An advisor's end offers a file, or again one that it offered on an earlier control stream. */
  offered(id: string, name: string, size: unknown, from: FilePeer): void {
    const file = this.here ? this.list.offer(id, name, size, from) : "nobody";
    if (typeof file === "string") from.send({ type: "fileState", id, state: "ended", why: file });
    this.advance();
  }

  /** An advisor's end gives up a file that it offered, or does not want one of the customer's. */
  withdrawn(id: string, from: FilePeer): void {
    const file = this.list.find(id);
    if (file?.given) this.end(file, "refused");
    else if (file?.sender === from) this.end(file, "withdrawn");
    this.advance();
  }

  /** Offers the customer's files to an end that has just connected. */
  greet(peer: FilePeer): void {
    for (const f of this.list.all) if (f.given && f.live) peer.send(offerOf(f));
  }

  /**
   * Gives the sender of files time to come back. It is called with null after a lost connection:
   * the time begins again for all senders that are gone.
   */
  gone(peer: FilePeer | null): void {
    for (const f of this.list.all) {
      if (f.given || !f.live || f.sender !== peer) continue;
      f.sender = null;
      const claims = ++f.claims;
      this.later(fileClaim, () => {
        // While away, nobody can come back.
        if (f.sender !== null || f.claims !== claims || this.session.consent().phase === "away") return;
        this.end(f, "lost");
        this.advance();
      });
    }
    this.advance();
  }

  /** Carries out the answer to the question for a file. */
  decided({ right, outcome }: Change): void {
    if (right !== "files") return;
    if (outcome === "opened") {
      this.asked = this.list.next() ?? null;
      return;
    }
    const { asked } = this;
    this.asked = null;
    if (asked && outcome === "given") this.accept(asked);
    else if (asked && outcome === "refused") this.end(asked, "refused");
    else if (asked && outcome === "timeout") this.end(asked, "silence");
    else if (outcome === "refused")
      // The customer does not want to be asked for files.
      for (let f = this.list.next(); f; f = this.list.next()) this.end(f, "refused");
  }

  /** Ends all, because the session is over. */
  over(): void {
    for (const f of this.list.all) this.end(f, "over");
    for (const timer of this.timers) clearTimeout(timer);
  }

  /** Ends the transfer of a file, or gives up one that was accepted. */
  stopFile(id: string): void {
    const file = this.list.find(id);
    if (file && file.state !== "waiting") this.end(file, "cancelled");
    this.advance();
  }

  give(picked: Picked[]): void {
    this.refused = [];
    for (const { file, folder } of picked) {
      const why = folder ? "folder" : this.giveOne(file);
      if (why !== "") this.refused.push({ why, name: file.name });
    }
    this.advance();
    this.session.changed();
  }

  private giveOne(file: Picked["file"]): Refusal["why"] | "" {
    if (!this.here) return "nobody";
    const given = this.list.give(cutName(file.name), file.size, (id) => new FileSender(id, file, this.moved));
    if (typeof given !== "string") this.accept(given);
    else if (given === "operator" || given === "size" || given === "many" || given === "name") return given;
    return "";
  }

  refuseAll(picked: Picked[]): void {
    this.refused = picked.map(({ file }) => ({ why: "nobody", name: file.name }));
    this.session.changed();
  }

  seen(): void {
    this.refused = [];
  }

  isUnreadable(id: string): boolean {
    return this.unreadable.has(id);
  }

  update(): void {}

  /** Serves a stream that carries a file. It closes the stream if no such file moves now. */
  serve(channel: FileChannel): void {
    readFileHeader(channel, (id, rest) => {
      const file = this.list.find(id);
      if (!file || file.busy || this.still) return channel.close();
      if (file.source && file.state === "accepted") void this.send(file, file.source, channel, rest);
      else if (file.receiver && file.state === "saving" && rest.length === 0) void this.receive(file, file.receiver, channel);
      else channel.close();
    });
  }

  private async send(f: AnyFile, source: FileSender, channel: FileChannel, rest: Uint8Array<ArrayBuffer>): Promise<void> {
    f.busy = true;
    f.state = "saving";
    this.session.changed();
    const end = await source.serve(channel, rest);
    f.busy = false;
    if (f.state === "saving") {
      if (source.taken) this.set(f, "done");
      else if (end === "unreadable") {
        this.unreadable.add(f.id);
        this.end(f, "lost");
      } else f.state = "accepted";
    }
    this.advance();
    this.session.changed();
  }

  private async receive(f: AnyFile, receiver: FileReceiver, channel: FileChannel): Promise<void> {
    f.busy = true;
    const end = await receiver.accept(channel);
    f.busy = false;
    if (end === "saved") {
      f.target = null;
      // The customer has it, also if its end came while the last byte was saved.
      if (f.state === "saving") this.set(f, "done");
    } else if (!f.live) await f.discard();
    else if (end === "damaged") this.end(f, "damaged");
    else if (end === "unwritable") this.end(f, "unwritable");
    // Then it is told once more that a stream is wanted.
    else if (f.told === JSON.stringify(f.report(false))) f.told = "";
    this.advance();
    this.session.changed();
  }

  /** Carries out the customer's yes to a file. */
  private accept(f: AnyFile): void {
    this.set(f, "accepted");
    if (f.given) this.session.report(offerOf(f));
    else void this.begin(f);
  }

  /** Opens what a file is saved to, and asks for its bytes. */
  private async begin(f: AnyFile): Promise<void> {
    let target: FileTarget;
    try {
      target = await this.open(f.name, f.size);
    } catch {
      this.end(f, "unwritable");
      return this.advance();
    }
    if (f.state !== "accepted") return void target.abort().catch(() => {}); // it has ended meanwhile
    f.target = target;
    f.receiver = new FileReceiver(f.id, f.size, target, this.moved);
    f.state = "saving";
    this.advance();
    this.session.changed();
  }

  private set(f: AnyFile, state: "accepted" | "done"): void {
    f.state = state;
    this.note(f, state === "done" ? "fileSaved" : "fileAccepted");
    this.session.changed();
  }

  /**
   * Ends a file at once. Only if the customer was asked for it, the record has a line: so an
   * advisor cannot fill the record with offers.
   */
  private end(f: AnyFile, why: Exclude<OfferedFile["why"], "">): void {
    if (!f.live) return;
    const { silenced } = this.session.consent();
    const asked = f.state !== "waiting" || why === "silence" || (why === "refused" && !silenced.has("files"));
    f.state = "ended";
    f.why = why;
    f.cut();
    if (!f.busy) void f.discard(); // or else when nothing is being written any more
    if (asked) this.note(f, "fileNotSaved");
    if (this.asked === f) this.session.apply({ kind: "withdraw", right: "files" });
    this.session.changed();
  }

  private note({ name, size, given, sha256, why }: AnyFile, event: string): void {
    const to = given ? "advisor" : "customer";
    this.session.note({ event, file: { name, size, to, ...(sha256 && { sha256 }), ...(why && { why }) } });
  }

  /** Whether no byte of a file may move now. */
  private get still(): boolean {
    return !this.here || this.session.consent().paused;
  }

  /** Whether a customer and an advisor are in the session. */
  private get here(): boolean {
    return this.session.consent().phase === "joined" && !this.session.ending();
  }

  /**
   * Does what follows from an event: asks for the next file, stops what may not move, and tells the
   * advisor's ends.
   */
  advance(): void {
    if (this.advancing) return;
    this.advancing = true;
    this.ask();
    const { still } = this;
    for (const f of this.list.all) {
      if (still) f.cut();
      this.tell(f, still);
    }
    this.advancing = false;
  }

  private tell(f: AnyFile, still: boolean): void {
    const state: FileState = f.report(still);
    const told = JSON.stringify(state);
    if (told === f.told) return;
    if (f.given) {
      if (f.live || this.session.ending()) return; // the end of the session says it
      this.session.report({ type: "fileState", ...state });
    } else if (f.sender) f.sender.send({ type: "fileState", ...state });
    else return;
    f.told = told;
  }

  /** Asks for the next file, and withdraws a question whose file nobody offers any more. */
  private ask(): void {
    const { session, list } = this;
    const gone = this.asked !== null && this.asked.sender === null;
    if (gone || (!list.next() && session.consent().asked.has("files"))) session.apply({ kind: "withdraw", right: "files" });
    // If the customer does not want to be asked, the next one is refused at once.
    for (let n = 0; n < maxFiles; n++) {
      const { asked, phase } = session.consent();
      if (!list.next() || asked.has("files") || phase !== "joined") return;
      session.apply({ kind: "ask", right: "files" });
    }
  }

  private readonly moved = (): void => {
    const now = performance.now();
    if (now - this.movedAt < movedEvery) return;
    this.movedAt = now;
    this.session.changed();
  };

  private later(milliseconds: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, milliseconds);
    this.timers.add(timer);
  }
}

function offerOf({ id, name, size }: AnyFile): FromAgent {
  return { type: "file", id, name, size };
}
