import type { SealedChannel } from "../seal/index.ts";
import { chooseScreen, type Chosen } from "./capture.ts";
import { hasTrackProcessor } from "./frames.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { TrackSource, VideoSource, type Source } from "./source.ts";

/** Where the build put worker.ts; see scripts/build.mjs. */
declare const SHARE_WORKER: string;

export interface ViewerConfig {
  name: string;
  /** Asks the customer: null means yes, a text is the reason for no. */
  approve: () => Promise<string | null>;
  /** See ServerConfig. */
  patience?: number;
  closed: (why: string) => void;
}

/** How long the worker may take to end, in milliseconds. */
const workerEnd = 5000;

interface Served extends ViewerConfig {
  channel: SealedChannel;
}

/** Shows one screen to several viewers. The page holds the lines, and a worker does the work. */
export class ScreenShare {
  private readonly worker: Worker;
  private readonly viewers = new Map<number, Served>();
  private count = 0;
  private chosen: Chosen | null = null;
  private source: Source | null = null; // also null if the worker has the track
  private grabbing: Source | null = null;

  constructor(
    private words: string[],
    /** The person ended it in the browser, or the shared window was closed. */
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
   * Opens the picker; must be called from a click. Returns false if the person chose nothing; then
   * nothing changes.
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

  /** Shows words instead, at once; the capture continues, but none of it is sent. */
  hide(words: string[] = this.words): void {
    this.words = words;
    this.post({ type: "hide", words });
  }

  /** Ends the capture for good, so that the browser's own indicator disappears. */
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
    // The worker ends itself, because it must close the frames that are on their way to it.
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
