// PANEL.md: how the page receives its snapshots.

import type { ChatModel } from "../common/chatlines.ts";
import { parseFields, text } from "../common/fields.ts";
import type { Right } from "../common/rights.ts";
import type { Share } from "../common/shares.ts";
import type { PanelCommand, PanelMessage, PanelSelection } from "../protocol_gen.ts";
import type { PanelActions } from "./actions.ts";
import { readChat } from "./chatmessages.ts";
import { readSnapshot, type Asked, type Snapshot } from "./snapshot.ts";

const storageKey = "lotse-panel-key";
const maxTries = 5;
const pause = 600;

/** The part of a share that the agent needs. It knows the names itself. */
function withoutNames({ kind, monitor, apps }: Share): PanelSelection {
  return { kind, monitor, apps, names: [] };
}

/** Why there is no snapshot: the program did not open this page, or it has ended. */
export type Trouble = "stranger" | "gone";

export class PanelLink implements PanelActions {
  private socket: WebSocket | null = null;
  private secret = "";
  private failures = 0;
  private ended = false;
  private lastSeq = -1;

  constructor(
    private readonly state: (s: Snapshot) => void,
    private readonly trouble: (t: Trouble) => void,
    private readonly chat: ChatModel,
  ) {}

  async start(): Promise<void> {
    this.secret = await this.key();
    if (this.secret) this.connect(this.secret);
    else this.trouble("stranger");
  }

  enter(number: string): void {
    this.send({ type: "enter", number });
  }

  acceptTerms(version: string): void {
    this.send({ type: "terms", version });
  }

  answer(question: string, allow: boolean, share?: Share): void {
    this.send({ type: "answer", question, allow, ...(share && { share: withoutNames(share) }) });
  }

  silence(right: Asked | "point", on: boolean): void {
    this.send({ type: "silence", right, on });
  }

  share(share: Share): void {
    this.send({ type: "share", share: withoutNames(share) });
  }

  take(right: Right): void {
    this.send({ type: "take", right });
  }

  stopFile(file: string): void {
    this.send({ type: "fileStop", file });
  }

  removeColleague(account: string): void {
    this.send({ type: "colleagueGone", name: account });
  }

  pause(on: boolean): void {
    this.send({ type: "pause", on });
  }

  hold(on: boolean): void {
    this.send({ type: "hold", on });
  }

  write(words: string, tag: number): boolean {
    return this.send({ type: "chat", text: words, tag });
  }

  end(): void {
    this.send({ type: "end" });
  }

  /** Opens the line to the advisor's screen. */
  openShow(): Promise<WebSocket> {
    return this.open("/api/show");
  }

  /** Opens a line that gives one file. */
  openGive(): Promise<WebSocket> {
    return this.open("/api/give");
  }

  /** Opens a line and proves that it is ours. */
  private open(path: string): Promise<WebSocket> {
    const socket = new WebSocket(location.origin.replace(/^http/, "ws") + path);
    return new Promise((resolve, reject) => {
      socket.onopen = () => {
        socket.send(JSON.stringify({ key: this.secret }));
        resolve(socket);
      };
      socket.onclose = () => reject(new Error("the line did not open"));
    });
  }

  /** Exactly the picture that viewers get at this moment; null for none. */
  async thumbnail(): Promise<Blob | null> {
    const response = await fetch("/api/thumbnail", { headers: { "X-Lotse-Key": this.secret }, cache: "no-store" });
    return response.status === 200 ? response.blob() : null;
  }

  /**
   * Redeems the token in the address, which works once, for a key that is kept for a reload. A
   * browser that the program started has no token: the program expects it.
   */
  private async key(): Promise<string> {
    const token = new URLSearchParams(location.hash.slice(1)).get("t") ?? "";
    const kept = sessionStorage.getItem(storageKey) ?? "";
    if (!token && kept) return kept;
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
      // The key of an earlier visit may still be valid.
    }
    return sessionStorage.getItem(storageKey) ?? "";
  }

  private connect(key: string): void {
    const socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/api/events");
    this.socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ key }));
    socket.onmessage = ({ data }) => {
      const snapshot = readSnapshot(data);
      if (!snapshot) return readChat(data, this.chat);
      if (snapshot.seq < this.lastSeq) return;
      this.failures = 0;
      this.lastSeq = snapshot.seq;
      this.ended ||= snapshot.phase === "ended";
      this.state(snapshot);
    };
    socket.onclose = () => {
      this.chat.lost();
      if (this.ended) return;
      if (++this.failures < maxTries) setTimeout(() => this.connect(key), pause);
      else this.trouble(this.lastSeq < 0 ? "stranger" : "gone");
    };
  }

  /** Returns false if there is no connection. */
  private send(message: PanelMessage & { type: PanelCommand }): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }
}
