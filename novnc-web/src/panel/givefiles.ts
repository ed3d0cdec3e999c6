// PANEL.md, GET /api/give: the page's end of the sockets that give files to the advisor.

import type { Picked } from "../common/drop.ts";
import { matching, oneOf, parseFields } from "../common/fields.ts";
import { text } from "../common/fields.ts";
import { cutName } from "../common/shortname.ts";
import { maxFiles, maxFileSize } from "../protocol_gen.ts";
import { fileId, type Snapshot } from "./snapshot.ts";

/** The agent asks for at most so many bytes at once. */
export const maxSlice = 65536;

/** How many slices can be asked for before the first of them is answered. */
export const maxAsked = 64;

/** A message of the agent is short, in characters. */
const maxMessage = 1000;

/** Why the agent does not take a file. */
const agentWhys = ["operator", "size", "many", "name", "nobody"] as const;

/** Why a file was not given. `lost`: the line to the program did not open, or broke at once. */
export type WhyRefused = (typeof agentWhys)[number] | "folder" | "lost";

export interface Refusal {
  why: WhyRefused;
  name: string;
}

/** Gives the files that the customer chooses to the advisor. */
export interface Giving {
  /** What was not given when the customer last chose files. */
  refused: Refusal[];
  /** Called after each change. */
  changed: () => void;
  /** Gives files, and notes those that cannot be given. */
  give(picked: Picked[]): void;
  /** Nobody is there who could take a file. */
  refuseAll(picked: Picked[]): void;
  /** The customer has seen what was not given. */
  seen(): void;
  /** Whether this page could not read the file any more. */
  isUnreadable(id: string): boolean;
  /** Called with each snapshot. */
  update(s: Snapshot): void;
}

/**
 * The files that this page gives to the program, which passes them on. Each is read only when, and
 * only where, the agent asks.
 */
export class GiveFiles implements Giving {
  refused: Refusal[] = [];
  changed: () => void = () => {};

  private readonly givers = new Set<Giver>();
  private readonly unreadable = new Set<string>();

  /** `connect` opens a socket on which the key has been sent. */
  constructor(private readonly connect: () => Promise<WebSocket>) {}

  give(picked: Picked[]): void {
    this.refused = [];
    for (const { file, folder } of picked) {
      const name = cutName(text(file.name, file.name.length).trim());
      if (folder) this.refuse("folder", file.name);
      else if (file.size > maxFileSize) this.refuse("size", file.name);
      else if (name === "") this.refuse("name", file.name);
      else if (this.givers.size >= maxFiles) this.refuse("many", file.name);
      else void this.begin(file, name);
    }
    this.changed();
  }

  refuseAll(picked: Picked[]): void {
    this.refused = [];
    for (const { file } of picked) this.refuse("nobody", file.name);
    this.changed();
  }

  seen(): void {
    this.refused = [];
  }

  isUnreadable(id: string): boolean {
    return this.unreadable.has(id);
  }

  update({ phase, files }: Snapshot): void {
    if (phase !== "joined" && phase !== "away") return this.stop();
    const over = new Set(files.filter((f) => f.state === "done" || f.state === "ended").map((f) => f.id));
    for (const giver of this.givers) if (over.has(giver.id)) giver.stop();
  }

  /** Ends all: the session is over for this page. */
  stop(): void {
    for (const giver of this.givers) giver.stop();
  }

  private refuse(why: WhyRefused, name: string): void {
    this.refused.push({ why, name });
  }

  private async begin(file: Blob, name: string): Promise<void> {
    const giver = new Giver(file, name);
    this.givers.add(giver);
    const end = await giver.give(this.connect);
    this.givers.delete(giver);
    if (end === "unreadable") this.unreadable.add(giver.id);
    else if (end !== "closed") this.refuse(end, name);
    this.changed();
  }
}

/** How giving one file ended. `closed`: the agent knows why. */
type GiveEnd = "closed" | "unreadable" | WhyRefused;

interface Slice {
  at: number;
  length: number;
}

/** Gives one file over one socket. */
class Giver {
  /** The agent's ID of the file; "" before it has one. */
  id = "";
  private readonly size: number;
  private readonly asked: Slice[] = [];
  private reading = false;
  private socket: WebSocket | null = null;
  private ended = false;
  private end: (end: GiveEnd) => void = () => {};

  constructor(
    private readonly file: Blob,
    private readonly name: string,
  ) {
    this.size = file.size;
  }

  /** Returns when the socket is closed. */
  give(connect: () => Promise<WebSocket>): Promise<GiveEnd> {
    return new Promise((resolve) => {
      this.end = resolve;
      connect().then(
        (socket) => this.begin(socket),
        () => this.finish("lost"),
      );
    });
  }

  stop(): void {
    this.finish("closed");
  }

  private begin(socket: WebSocket): void {
    if (this.ended) return socket.close();
    this.socket = socket;
    socket.onmessage = ({ data }) => this.hear(data);
    socket.onclose = () => this.finish(this.id === "" ? "lost" : "closed");
    socket.send(JSON.stringify({ name: this.name, size: this.size }));
  }

  private finish(end: GiveEnd): void {
    if (this.ended) return;
    this.ended = true;
    this.asked.length = 0;
    this.socket?.close();
    this.end(end);
  }

  private hear(data: unknown): void {
    if (this.ended) return;
    if (this.id === "") return this.hearAnswer(data);
    const slice = readSlice(data, this.size);
    if (!slice || this.asked.length >= maxAsked) return this.finish("closed");
    this.asked.push(slice);
    if (!this.reading) void this.read();
  }

  /** Takes the first message: the file's ID, or why the agent does not take it. */
  private hearAnswer(data: unknown): void {
    const f = parseFields(data, maxMessage);
    const why = oneOf(f?.["why"], [...agentWhys, ""], "");
    this.id = matching(f?.["id"], fileId);
    if (this.id === "" || why !== "") this.finish(why || "lost");
  }

  /** Answers one request after the other, so that at most one slice is in memory. */
  private async read(): Promise<void> {
    this.reading = true;
    for (let slice = this.asked[0]; slice && !this.ended; slice = this.asked[0]) {
      const { at, length } = slice;
      const bytes = await this.file
        .slice(at, at + length)
        .arrayBuffer()
        .catch(() => null);
      if (this.ended) return;
      // A file that became shorter yields fewer bytes, and one that changed may yield none.
      if (bytes?.byteLength !== length) return this.finish("unreadable");
      this.socket?.send(bytes);
      this.asked.shift();
    }
    this.reading = false;
  }
}

/** Reads a request; null if it is none, or if it is not within the file. */
function readSlice(data: unknown, size: number): Slice | null {
  const f = parseFields<Slice>(data, maxMessage);
  const at = f?.["at"];
  const length = f?.["length"];
  if (!isCount(at) || !isCount(length) || length > maxSlice || at + length > size) return null;
  return { at, length };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
