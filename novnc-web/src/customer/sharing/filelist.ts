// The files of a session at the customer's side. The Go package agent/files does the same.

import { asFields, flag, list, number, text } from "../../common/fields.ts";
import { cleanName, drawFileId, isFileId, kindOf } from "../../common/filename.ts";
import type { FileReceiver } from "../../common/filereceiver.ts";
import type { FileSender } from "../../common/filesender.ts";
import type { FileTarget } from "../../common/filetarget.ts";
import type { OfferedFile } from "../../panel/snapshot.ts";
import {
  fileEnds,
  fileKinds,
  maxFiles,
  maxFileSize,
  type FileEnd,
  type FileKind,
  type FileLimits,
  type FileState,
  type PanelFileState,
} from "../../protocol_gen.ts";
import { toHex } from "../../seal/bytes.ts";

/** How many files are kept; of those that have ended, the latest. */
const maxShown = 2 * maxFiles;

/** The operator's limits of files, in both directions. */
export interface Limits {
  off: boolean;
  /** Of one file, in bytes; 0: no limit. */
  maxBytes: number;
  /** None: all. */
  kinds: string[];
}

/** Reads the operator's limits; null if there are none. */
export function readLimits(value: unknown): Limits | null {
  const f = asFields<FileLimits>(value);
  return (
    f && {
      off: flag(f["off"]),
      maxBytes: Math.max(0, number(f["maxBytes"])),
      kinds: list(f["kinds"], fileKinds.length).map((kind) => text(kind, 20)),
    }
  );
}

function allows(limits: Limits | null, size: number, kind: FileKind): boolean {
  if (!limits) return true;
  const { off, maxBytes, kinds } = limits;
  return !off && (maxBytes === 0 || size <= maxBytes) && (kinds.length === 0 || kinds.includes(kind));
}

/** One file. `Sender` is the advisor's end that offers it. */
export class SharedFile<Sender> {
  readonly kind: FileKind;
  state: PanelFileState = "waiting";
  why: OfferedFile["why"] = "";
  /** Null if the control stream of the advisor's end is lost, or if the customer gives the file. */
  sender: Sender | null = null;
  /** Counts how often the sender changed, so that an old timer does not end the offer. */
  claims = 0;
  /** What was last reported of it, as JSON. */
  told = "";
  /** A stream carries it. */
  busy = false;
  /** Set while and after it is saved. */
  receiver: FileReceiver | null = null;
  target: FileTarget | null = null;

  /** `source` sends it if the customer gives it. */
  constructor(
    readonly id: string,
    readonly name: string,
    readonly size: number,
    readonly source: FileSender | null,
  ) {
    this.kind = kindOf(name);
  }

  /** The customer gives it to the advisor. */
  get given(): boolean {
    return this.source !== null;
  }

  get live(): boolean {
    return this.state !== "done" && this.state !== "ended";
  }

  /** The SHA-256 in hexadecimal, once it is done. */
  get sha256(): string {
    if (this.state !== "done") return "";
    return this.source?.sum ? toHex(this.source.sum) : (this.receiver?.sum ?? "");
  }

  /** Ends the stream that is open, if there is one. */
  cut(): void {
    this.source?.close();
    this.receiver?.close();
  }

  /** Removes what was saved of a file that is not complete, when nothing is being written. */
  async discard(): Promise<void> {
    const { target } = this;
    this.target = null;
    await target?.abort().catch(() => {});
  }

  /** What the other side is told of it. `still` means that nothing may move now. */
  report(still: boolean): FileState {
    const { id, state, why, sha256 } = this;
    if (state === "saving") return { id, state: still ? "accepted" : "wanted" };
    if (state === "done") return { id, state, sha256 };
    if (state !== "ended") return { id, state };
    return { id, state, why: fileEnds.find((w) => w === why) ?? "cancelled" };
  }

  shown(): OfferedFile {
    const { id, given, name, size, kind, state, why, sha256 } = this;
    const taken = this.source?.counted ?? this.receiver?.written ?? 0;
    return { id, given, name, size, kind, state, why, taken, key: "", sha256 };
  }
}

/** The files of a session, oldest first. */
export class FileList<Sender> {
  all: readonly SharedFile<Sender>[] = [];
  limits: Limits | null = null;
  /** The largest file that this browser can save. */
  maxSaved = maxFileSize;

  /**
   * Adds what an advisor's end offers, or gives an offer that it made before to it. Returns why not
   * otherwise.
   */
  offer(id: string, offered: string, size: unknown, sender: Sender): SharedFile<Sender> | FileEnd {
    const name = cleanName(offered);
    const known = this.find(id);
    if (known) {
      if (known.name !== name || known.size !== size || known.given) return "name";
      known.sender = sender;
      known.told = "";
      known.claims++;
      return known;
    }
    if (!isFileId(id) || name === "") return "name";
    if (!isSize(size) || size > this.maxSaved) return "size";
    const why = this.refuses(name, size);
    if (why !== "") return why;
    const file = new SharedFile<Sender>(id, name, size, null);
    file.sender = sender;
    this.add(file);
    return file;
  }

  /** Adds a file that the customer gives. Returns why not otherwise. */
  give(offered: string, size: number, source: (id: string) => FileSender): SharedFile<Sender> | FileEnd {
    const name = cleanName(offered);
    if (name === "") return "name";
    if (!isSize(size)) return "size";
    const why = this.refuses(name, size);
    if (why !== "") return why;
    const id = drawFileId();
    const file = new SharedFile<Sender>(id, name, size, source(id));
    this.add(file);
    return file;
  }

  private refuses(name: string, size: number): FileEnd | "" {
    if (this.all.filter((f) => f.live).length >= maxFiles) return "many";
    return allows(this.limits, size, kindOf(name)) ? "" : "operator";
  }

  private add(file: SharedFile<Sender>): void {
    const all = [...this.all, file];
    while (all.length > maxShown)
      all.splice(
        all.findIndex((f) => !f.live),
        1,
      );
    this.all = all;
  }

  find(id: string): SharedFile<Sender> | undefined {
    return this.all.find((f) => f.id === id);
  }

  /** The oldest file to ask the customer about, of those whose sender is there. */
  next(): SharedFile<Sender> | undefined {
    return this.all.find((f) => f.state === "waiting" && f.sender !== null);
  }
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= maxFileSize;
}
