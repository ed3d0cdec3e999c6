// A film of the session that this page makes: docs/recording.md, and PROTOCOL.md, section 7b.
//
// The customer's program decides what is in it: the film is made of the recording that it sends
// while the right is in effect, and not of what this page shows.

import { Backoff } from "../common/backoff.ts";
import type { Block } from "../fbs/blocks.ts";
import { Player } from "../fbs/player.ts";
import { recordEnd } from "../protocol_gen.ts";
import type { SealedChannel } from "../seal/index.ts";
import type { ControlEvent, ControlState } from "./control.ts";
import { beginFilm, filmFormat, type Film, type FilmFormat } from "./filmmaker.ts";
import { chooseTarget, type FileTarget } from "../common/filetarget.ts";
import { RecordKey, RecordReceiver, type RecordEnd } from "./recordreceiver.ts";

/** A film ends when it has so much of the file's limit. */
const fullAt = 0.9;

/**
 * What became of a film. `damaged`: it is saved as far as it came. `place`: it could not be saved
 * there, so nobody was asked.
 */
export interface FilmEvent {
  film: "saved" | "failed" | "damaged" | "place";
  name: string;
}

/** What a recording needs of its session. */
export interface RecordingLinks {
  /** Opens a stream of kind `record`. */
  open(): Promise<SealedChannel>;
  ask(): void;
  giveBack(): void;
  happened(event: FilmEvent): void;
  changed(): void;
}

/** `asking` waits for the customer, `running` records, `saving` completes a film. */
export type RecordingPhase = "off" | "choosing" | "asking" | "running" | "saving";

/** How films are made; tests replace it. */
export interface FilmMaking {
  format(): Promise<FilmFormat | null>;
  choose(name: string): Promise<FileTarget | null>;
  begin(format: FilmFormat, target: FileTarget): Promise<Film>;
}

const byBrowser: FilmMaking = { format: filmFormat, choose: (name) => chooseTarget(name, 0), begin: beginFilm };

/** The recording of one session by this page. One film can be made after the other. */
export class Recording {
  phase: RecordingPhase = "off";
  /** How this browser makes films; null: it cannot. Undefined until `look` has found out. */
  format: FilmFormat | null | undefined;
  readonly key = new RecordKey();
  /** The key of the customer's program; null: it cannot be recorded. */
  agent: Uint8Array | null = null;

  /** What became of the last film; null: there was none, or another one has begun. */
  result: FilmEvent | null = null;

  private looking = false;
  /** The customer's program has told that it asks. Older states say nothing about it. */
  private told = false;
  private film: RunningFilm | null = null;
  private target: { file: FileTarget; name: string } | null = null;

  constructor(
    private readonly links: RecordingLinks,
    private readonly making: FilmMaking = byBrowser,
  ) {}

  /** Whether the page must stay open, because a film is being made. */
  get busy(): boolean {
    return this.phase === "running" || this.phase === "saving";
  }

  /** Finds out whether this browser can make films. */
  look(): void {
    if (this.looking) return;
    this.looking = true;
    void this.making.format().then((format) => {
      this.format = format;
      this.links.changed();
    });
  }

  /** Chooses a file, and asks the customer. Must be called directly from a click. */
  async start(): Promise<void> {
    const { format } = this;
    if (this.phase !== "off" || !format || !this.agent) return;
    this.result = null;
    this.become("choosing");
    const name = filmName(new Date(), format.ending);
    let file: FileTarget | null = null;
    try {
      file = await this.making.choose(name);
    } catch {
      this.tell({ film: "place", name });
    }
    if (!file) return this.become("off");
    this.target = { file, name };
    this.told = false;
    this.become("asking");
    this.links.ask();
  }

  /** Ends the recording, or withdraws the request for it. */
  stop(): void {
    if (this.phase === "asking") {
      this.links.giveBack();
      this.dropTarget();
    } else if (this.phase === "running") {
      this.links.giveBack();
      this.end();
    }
  }

  /** Called with each state that the customer's program sends. */
  state({ rights, asked }: ControlState): void {
    if (this.phase === "asking") {
      if (rights.record) return this.run();
      if (asked.includes("record")) this.told = true;
      else if (this.told) this.dropTarget();
    } else if (this.phase === "running" && !rights.record) this.end();
  }

  /** Called with each event. A right may be refused without a state that shows the question. */
  event({ event, right }: ControlEvent): void {
    if (right !== "record" || this.phase !== "asking") return;
    if (["refused", "timeout", "taken", "returned"].includes(event)) this.dropTarget();
  }

  /** Called when the control stream is gone: the next state says what became of the question. */
  disconnect(): void {
    this.told = true;
  }

  /** Ends everything on this page. The rest of a recording may still arrive for a moment. */
  leave(): void {
    if (this.phase === "asking") this.dropTarget();
    if (this.phase === "running") this.end();
  }

  private run(): void {
    const { format, agent, target } = this;
    if (!format || !agent || !target) return;
    this.target = null;
    const file = limited(target.file, () => this.stop());
    const film = new RunningFilm(() => this.making.begin(format, file), this.key, agent, this.links.open);
    this.film = film;
    this.become("running");
    void film.run().then(async (end) => {
      if (end !== "saved" && end !== "damaged") await file.abort().catch(() => {});
      this.over(end, target.name);
    });
  }

  private end(): void {
    this.film?.end();
    this.become("saving");
  }

  private over(film: FilmEvent["film"] | "none", name: string): void {
    // It has ended by itself: nobody may be told that a recording is being made.
    if (this.phase === "running") this.links.giveBack();
    this.film = null;
    this.become("off");
    if (film !== "none") this.tell({ film, name });
  }

  private tell(event: FilmEvent): void {
    this.result = event;
    this.links.happened(event);
  }

  private dropTarget(): void {
    void this.target?.file.abort().catch(() => {});
    this.target = null;
    this.become("off");
  }

  private become(phase: RecordingPhase): void {
    this.phase = phase;
    this.links.changed();
  }
}

/** One film while it is being made. */
class RunningFilm {
  private film: Film | null = null;
  private readonly player = new Player();
  private readonly receiver: RecordReceiver;
  private readonly backoff = new Backoff();
  private ending = false;
  private shown = false;
  /** The time of the newest block, in the recording and on this page's clock. */
  private last = { at: 0, now: 0 };
  private wake: () => void = () => {};
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly begin: () => Promise<Film>,
    key: RecordKey,
    agent: Uint8Array,
    private readonly open: () => Promise<SealedChannel>,
  ) {
    this.receiver = new RecordReceiver(key, agent, (block) => this.take(block));
  }

  /** Records until `end` is called, and saves the film. The file stays open after other results. */
  async run(): Promise<FilmEvent["film"] | "none"> {
    let end: RecordEnd | "failed" = "failed";
    try {
      this.film = await this.begin();
      end = await this.receive();
    } catch {
      // The film takes no more; what it has may still be a whole one.
    }
    clearTimeout(this.timer);
    const whole = end === "early" || end === "complete";
    if (!this.film || !this.shown) return whole ? "none" : "failed";
    try {
      await this.film.finish(this.last.at + performance.now() - this.last.now);
      return whole ? "saved" : "damaged";
    } catch {
      await this.film.cancel().catch(() => {});
      return "failed";
    }
  }

  /** The right has ended. What is on its way still comes, for a while. */
  end(): void {
    if (this.ending) return;
    this.ending = true;
    this.wake();
    this.timer = setTimeout(() => this.receiver.close(), recordEnd);
  }

  private async receive(): Promise<RecordEnd> {
    for (;;) {
      const channel = await this.open().catch(() => null);
      if (channel) {
        const end = await this.receiver.receive(channel);
        if (end !== "early") return end;
      }
      if (this.ending) return "early";
      await this.pause(this.backoff.next());
      if (this.ending) return "early";
    }
  }

  private async take({ data, at }: Block): Promise<void> {
    this.backoff.reset();
    const changed = this.player.take(data);
    this.last = { at, now: performance.now() };
    if (!changed || changed.length === 0) return;
    await this.film!.show(this.player.picture!, changed, at);
    this.shown = true;
  }

  /** Waits before the next attempt, or until the end. */
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

/** Calls `full` when a file takes hardly more. */
function limited(file: FileTarget, full: () => void): FileTarget {
  const { limit } = file;
  if (limit === undefined) return file;
  let size = 0;
  return {
    write: (bytes, position) => {
      size += bytes.length;
      if (size > fullAt * limit) full();
      return file.write(bytes, position);
    },
    finish: () => file.finish(),
    abort: () => file.abort(),
  };
}

function filmName(now: Date, ending: string): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return `lotse-${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}.${ending}`;
}
