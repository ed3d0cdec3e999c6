// PANEL.md: how the page comes to its snapshots.

import { parseFields, text } from "../common/fields.ts";
import type { Right } from "../common/rights.ts";
import { readSnapshot, type Snapshot } from "./snapshot.ts";

const storageKey = "lotse-panel-key";
const maxTries = 5;
const pause = 600;

/** Why there is no snapshot: never opened from the program, or it is gone. */
export type Trouble = "stranger" | "gone";

export class PanelLink {
  private socket: WebSocket | null = null;
  private failures = 0;
  private ended = false;
  private lastSeq = -1;

  constructor(
    private readonly state: (s: Snapshot) => void,
    private readonly trouble: (t: Trouble) => void,
  ) {}

  async start(): Promise<void> {
    const key = await this.key();
    if (key) this.connect(key);
    else this.trouble("stranger");
  }

  enter(number: string): void {
    this.send({ type: "enter", number });
  }

  answer(question: string, allow: boolean): void {
    this.send({ type: "answer", question, allow });
  }

  take(right: Right): void {
    this.send({ type: "take", right });
  }

  pause(on: boolean): void {
    this.send({ type: "pause", on });
  }

  end(): void {
    this.send({ type: "end" });
  }

  /** The token in the address works once; its key is kept for a reload. */
  private async key(): Promise<string> {
    const token = new URLSearchParams(location.hash.slice(1)).get("t");
    if (!token) return sessionStorage.getItem(storageKey) ?? "";
    history.replaceState(null, "", location.pathname);
    try {
      const response = await fetch("/api/open", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ token }),
      });
      const key = response.ok ? text(parseFields(await response.text(), 4096)?.["key"], 100) : "";
      if (key) sessionStorage.setItem(storageKey, key);
    } catch {
      // The key of an earlier visit may still open it.
    }
    return sessionStorage.getItem(storageKey) ?? "";
  }

  private connect(key: string): void {
    const socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/api/events");
    this.socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ key }));
    socket.onmessage = ({ data }) => {
      const snapshot = readSnapshot(data);
      if (!snapshot || snapshot.seq < this.lastSeq) return;
      this.failures = 0;
      this.lastSeq = snapshot.seq;
      this.ended ||= snapshot.phase === "ended";
      this.state(snapshot);
    };
    socket.onclose = () => {
      if (this.ended) return;
      if (++this.failures < maxTries) setTimeout(() => this.connect(key), pause);
      else this.trouble(this.lastSeq < 0 ? "stranger" : "gone");
    };
  }

  private send(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }
}
