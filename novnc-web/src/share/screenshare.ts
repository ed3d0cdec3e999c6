import type { SealedChannel } from "../seal/index.ts";
import { chooseScreen, type Chosen } from "./capture.ts";
import { hasTrackProcessor } from "./frames.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { TrackSource, VideoSource, type Source } from "./source.ts";

/** Where the build put worker.ts; scripts/build.mjs. */
declare const SHARE_WORKER: string;

export interface ViewerConfig {
  name: string;
  /** Asks the customer: null is a yes, words are a no. */
  approve: () => Promise<string | null>;
  /** See ServerConfig. */
  patience?: number;
  closed: (why: string) => void;
}

/** How long the worker may take to end. */
const workerEnd = 5000;

interface Served extends ViewerConfig {
  channel: SealedChannel;
}

/** One screen shown to some viewers. The page keeps the lines, a worker does the work. */
export class ScreenShare {
  private readonly worker: Worker;
  private readonly viewers = new Map<number, Served>();
  private count = 0;
  private chosen: Chosen | null = null;
  private source: Source | null = null; // null also where the worker has the track
  private grabbing: Source | null = null;

  constructor(
    private words: string[],
    /** The person ended it in the browser, or what was shared is gone. */
    private readonly ended: () => void,
  ) {
    this.worker = new Worker(SHARE_WORKER, { type: "module", name: "share" });
    this.worker.onmessage = ({ data }) => this.hear(data as FromWorker);
    this.post({ type: "hide", words });
  }

  get surface(): Chosen["surface"] {
    return this.chosen?.surface ?? "";
  }

  get name(): string {
    return this.chosen?.name ?? "";
  }

  get capturing(): boolean {
    return this.chosen !== null;
  }

  /**
   * Lets the person choose, from his click. False when he chose nothing; then all stays as it was.
   */
  async choose(): Promise<boolean> {
    const chosen = await chooseScreen();
    if (!chosen) return false;
    this.use(chosen);
    return true;
  }

  use(chosen: Chosen): void {
    this.drop();
    this.chosen = chosen;
    const { track } = chosen;
    track.onended = () => this.chosen === chosen && this.end();
    this.source = this.open(chosen);
    this.reveal();
  }

  /** Shows what was chosen. */
  reveal(): void {
    if (this.chosen) this.post({ type: "reveal" });
  }

  /** Shows words instead, at once; the capture goes on and nothing of it is sent. */
  hide(words: string[] = this.words): void {
    this.words = words;
    this.post({ type: "hide", words });
  }

  /** Ends the capture for good: the browser's own sign goes away. */
  stopCapture(words: string[] = this.words): void {
    this.hide(words);
    this.drop();
  }

  /** Serves RFB on a channel until it ends. */
  serve(channel: SealedChannel, config: ViewerConfig): void {
    const id = ++this.count;
    this.viewers.set(id, { ...config, channel });
    channel.onmessage = ({ data }) => this.post({ type: "data", id, bytes: new Uint8Array(data) }, [data]);
    channel.onclose = () => this.post({ type: "closed", id });
    this.post({ type: "open", id, name: config.name, patience: config.patience ?? 0 });
  }

  /** Ends everything. */
  close(): void {
    this.drop();
    for (const { channel } of this.viewers.values()) channel.close();
    // It ends by itself: frames that are on their way to it must be closed there.
    this.post({ type: "end" });
    setTimeout(() => this.worker.terminate(), workerEnd);
    for (const viewer of this.viewers.values()) viewer.closed("");
    this.viewers.clear();
  }

  private post(message: ToWorker, transfer: Transferable[] = []): void {
    this.worker.postMessage(message, transfer);
  }

  private open({ track, stream }: Chosen): Source | null {
    if (hasTrackProcessor()) return new TrackSource(track);
    try {
      const copy = track.clone(); // the original stays here, to be stopped
      this.post({ type: "track", track: copy }, [copy as unknown as Transferable]);
      return null;
    } catch {
      return new VideoSource(stream);
    }
  }

  private drop(): void {
    const { chosen, source } = this;
    if (!chosen) return;
    this.chosen = this.source = null;
    this.post({ type: "drop" });
    source?.stop();
    chosen.track.onended = null;
    for (const track of chosen.stream.getTracks()) track.stop();
  }

  private hear(m: FromWorker): void {
    if (m.type === "grab") return void this.grab();
    if (m.type === "ended") return this.end();
    const viewer = this.viewers.get(m.id);
    if (!viewer) return;
    switch (m.type) {
      case "ask":
        return void viewer.approve().then((refusal) => this.post({ type: "answer", id: m.id, refusal }));
      case "data":
        return viewer.channel.send(m.bytes);
      case "howMuch":
        return this.post({ type: "left", id: m.id, bytes: viewer.channel.bufferedAmount });
      case "close":
        this.viewers.delete(m.id);
        viewer.channel.close();
        return viewer.closed(m.why);
    }
  }

  private async grab(): Promise<void> {
    const { source } = this;
    if (!source || this.grabbing === source) return;
    this.grabbing = source;
    const frame = await source.next().catch(() => null);
    if (this.source !== source) return frame?.close();
    if (!frame) return this.end();
    this.grabbing = null;
    this.post({ type: "frame", frame }, [frame]);
  }

  private end(): void {
    if (!this.chosen) return;
    this.stopCapture();
    this.ended();
  }
}
