import type { SealedChannel } from "../seal/index.ts";
import { chooseScreen, type Chosen } from "./capture.ts";
import { framesOf, hasTrackProcessor } from "./frames.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/** Where the build put worker.ts; scripts/build.mjs. */
declare const SHARE_WORKER: string;

export interface ViewerConfig {
  name: string;
  /** Asks the customer: null is a yes, words are a no. */
  approve: () => Promise<string | null>;
  closed: (why: string) => void;
}

interface Served extends ViewerConfig {
  channel: SealedChannel;
}

/** One screen shown to some viewers. The page keeps the lines, a worker does the work. */
export class ScreenShare {
  private readonly worker: Worker;
  private readonly viewers = new Map<number, Served>();
  private count = 0;
  private chosen: Chosen | null = null;
  private video: HTMLVideoElement | null = null;
  private grabbing = false;

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

  /** Lets the person choose, from his click. False when he chose nothing; then all stays as it was. */
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
    track.onended = () => {
      if (this.chosen !== chosen) return;
      this.stopCapture();
      this.ended();
    };
    this.reveal();
  }

  /** Shows what was chosen. */
  reveal(): void {
    const { chosen } = this;
    if (!chosen) return;
    if (this.video) return this.post({ type: "frame", bitmap: null });
    if (hasTrackProcessor()) {
      const stream = framesOf(chosen.track);
      this.post({ type: "frames", stream }, [stream]);
      return;
    }
    try {
      const track = chosen.track.clone(); // the original stays here, to be stopped
      this.post({ type: "track", track }, [track as unknown as Transferable]);
    } catch {
      void this.play(chosen);
    }
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
    this.post({ type: "open", id, name: config.name });
  }

  /** Ends everything. */
  close(): void {
    this.drop();
    for (const { channel } of this.viewers.values()) channel.close();
    this.worker.terminate();
    for (const viewer of this.viewers.values()) viewer.closed("");
    this.viewers.clear();
  }

  private post(message: ToWorker, transfer: Transferable[] = []): void {
    this.worker.postMessage(message, transfer);
  }

  private drop(): void {
    const { chosen, video } = this;
    this.chosen = this.video = null;
    if (video) video.srcObject = null;
    if (chosen) {
      chosen.track.onended = null;
      for (const track of chosen.stream.getTracks()) track.stop();
    }
  }

  private hear(m: FromWorker): void {
    if (m.type === "grab") return void this.grab();
    if (m.type === "ended") {
      if (!this.chosen) return;
      this.stopCapture();
      return this.ended();
    }
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

  /** Firefox: frames are drawn from a video, each as the worker asks. */
  private async play(chosen: Chosen): Promise<void> {
    const video = document.createElement("video");
    video.muted = true;
    video.srcObject = chosen.stream;
    this.video = video;
    await video.play().catch(() => {});
    if (this.video === video) this.post({ type: "frame", bitmap: null });
  }

  private async grab(): Promise<void> {
    const { video } = this;
    if (!video || this.grabbing) return;
    this.grabbing = true;
    try {
      const bitmap = await createImageBitmap(video);
      if (this.video === video) this.post({ type: "frame", bitmap }, [bitmap]);
      else bitmap.close();
    } catch {
      // No frame yet; the worker is told so that it asks again.
      if (this.video === video) setTimeout(() => void this.grab(), 200);
    } finally {
      this.grabbing = false;
    }
  }
}
