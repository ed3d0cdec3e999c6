// The files that the customer gives to the advisor: PROTOCOL.md, sections 6 and 7a.

import { Backoff } from "../common/backoff.ts";
import { text } from "../common/fields.ts";
import { isFileId, kindOf } from "../common/filename.ts";
import { FileReceiver, type ReceiveEnd } from "../common/filereceiver.ts";
import type { FileTarget } from "../common/filetarget.ts";
import { MovingFile } from "../common/movingfile.ts";
import { plainLine } from "../common/plainline.ts";
import { cutName } from "../common/shortname.ts";
import { maxFileName, maxFileSize, type FileEnd, type FileOffer, type Unchecked } from "../protocol_gen.ts";
import type { SealedChannel } from "../seal/index.ts";

/**
 * Why a file was not saved. `cancelled`: by the customer; `refused` and `withdrawn`: by the
 * advisor, before and after the advisor wanted it; `elsewhere`: another of the advisor's programs
 * saved it.
 */
export type WhyNotSaved = "cancelled" | "refused" | "withdrawn" | "damaged" | "unwritable" | "elsewhere" | "over";

/** A file that the agent says the customer gives, checked. */
export type GivenOffer = FileOffer;

/** Reads what the agent says about a file that the customer gives; null if it makes no sense. */
export function readOffer(f: Unchecked<FileOffer>): GivenOffer | null {
  const id = text(f["id"], 22);
  const size = f["size"];
  if (!isFileId(id) || typeof size !== "number" || !Number.isInteger(size) || size < 0 || size > maxFileSize) return null;
  return { id, name: safeName(f["name"]), size };
}

/** The name as one line that can be the name of a file: it contains no folder and hides nothing. */
function safeName(value: unknown): string {
  const name = typeof value === "string" ? plainLine(value.slice(0, 4 * maxFileName)) : "";
  return cutName(name.replace(/[/\\:*?"<>|]/g, "_").replace(/[. ]+$/, "")) || "_";
}

/** What a report of the agent means for a file that the advisor does not have yet. */
export function whyNotSaved(why: FileEnd): WhyNotSaved {
  return why === "refused" || why === "damaged" ? why : "cancelled";
}

/** One file that the customer gives or gave. */
export class GivenFile extends MovingFile {
  readonly given = true;
  /** The name ends like that of a program. */
  readonly program: boolean;
  state: "offered" | "receiving" | "done" | "ended" = "offered";
  /** Why it was not saved; only with "ended". */
  why: WhyNotSaved | "" = "";
  /** The advisor has seen that it is there. */
  seen = false;
  /** The advisor is choosing where to save it. */
  choosing = false;
  /** A stream is open. */
  connected = false;
  private receiver: FileReceiver | null = null;
  private wake: () => void = () => {};

  constructor({ id, name, size }: GivenOffer, changed: () => void, now: () => number) {
    super(id, name, size, changed, now);
    this.program = kindOf(name) === "program";
  }

  get live(): boolean {
    return this.state === "offered" || this.state === "receiving";
  }

  get moving(): boolean {
    return this.state === "receiving";
  }

  get begun(): boolean {
    return this.receiver !== null;
  }

  get counted(): number {
    return this.receiver?.written ?? 0;
  }

  get sha256(): string {
    return this.receiver?.sum ?? "";
  }

  close(): void {
    this.receiver?.close();
    if (!this.live) this.wake();
  }

  /**
   * Saves the file, over as many streams as it needs, and returns how that ended: "early" if the
   * file is not wanted any more. `stream` opens a stream and passes it on.
   */
  async receive(
    target: FileTarget,
    stream: (use: (channel: SealedChannel) => Promise<ReceiveEnd>) => Promise<ReceiveEnd | "unheard">,
  ): Promise<ReceiveEnd> {
    const receiver = new FileReceiver(this.id, this.size, target, this.moved);
    this.receiver = receiver;
    const backoff = new Backoff();
    let end: ReceiveEnd = "early";
    while (this.state === "receiving" && end === "early") {
      const before = this.counted;
      const last = await stream((channel) => {
        this.connect(true);
        return receiver.receive(channel);
      });
      this.connect(false);
      if (last !== "unheard") end = last;
      if (this.counted > before) backoff.reset();
      if (this.state === "receiving" && end === "early") await this.pause(backoff.next());
    }
    if (end !== "saved") await target.abort().catch(() => {});
    return end;
  }

  private connect(on: boolean): void {
    this.connected = on;
    this.forgetRate();
    this.moved();
  }

  /** Waits before the next attempt, or until the file is not wanted any more. */
  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
