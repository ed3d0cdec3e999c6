// PROTOCOL.md, section 3: the link of the end that drew the number.

import { Backoff } from "../common/backoff.ts";
import { oneOf, parseFields, text, time } from "../common/fields.ts";
import { socketAddress } from "../common/line.ts";
import { foreignStates, maxLinkMessage, type ForeignState, type OwnerMessage, type OwnerRequest } from "../protocol_gen.ts";
import { phases, type Phase } from "./api.ts";

/** The state of a foreign VNC server: "" if the number is not for one. */
export type Foreign = "" | ForeignState;

export interface OwnerHandlers {
  state(phase: Phase, reason: string, expires: Date | null, foreign: Foreign): void;
  entering(stream: string): void;
  replaced(): void;
  /** Reports whether the link is up. A lost link is opened again. */
  line(up: boolean): void;
  /** Called when the link could not be opened: the session may have ended. */
  refused(): Promise<void>;
}

/** Reconnects until it is closed. */
export class OwnerLink {
  private socket: WebSocket | null = null;
  private readonly backoff = new Backoff();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(
    private readonly place: string,
    private readonly handlers: OwnerHandlers,
  ) {
    this.connect();
  }

  verdict(stream: string, ok: boolean): void {
    this.send({ type: "verdict", stream, ok });
  }

  burnt(): boolean {
    return this.send({ type: "burnt" });
  }

  end(): boolean {
    return this.send({ type: "end" });
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  /** Gives up a line that has gone silent and reconnects at once. */
  reconnect(): void {
    if (this.closed) return;
    this.drop();
    this.backoff.reset();
    this.connect();
  }

  private send(message: OwnerRequest): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  private drop(): void {
    clearTimeout(this.timer);
    if (!this.socket) return;
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.close();
    this.socket = null;
  }

  private connect(): void {
    const socket = new WebSocket(socketAddress(`/api/v1/sessions/${this.place}/owner`));
    let opened = false;
    this.socket = socket;
    socket.onopen = () => {
      opened = true;
      this.backoff.reset();
      this.handlers.line(true);
    };
    socket.onmessage = ({ data }) => this.receive(data);
    socket.onclose = () => {
      this.socket = null;
      if (this.closed) return;
      this.handlers.line(false);
      this.timer = setTimeout(() => void this.again(opened), this.backoff.next());
    };
  }

  private async again(opened: boolean): Promise<void> {
    // A browser does not report why an upgrade was refused, so read the list of sessions.
    if (!opened) await this.handlers.refused();
    if (!this.closed && !this.socket) this.connect();
  }

  private receive(data: unknown): void {
    const f = parseFields<OwnerMessage>(data, maxLinkMessage);
    switch (f?.["type"]) {
      case "state":
        return this.handlers.state(
          oneOf(f["state"], phases, "waiting"),
          text(f["reason"], 40),
          time(f["expires"]),
          oneOf(f["foreign"], ["", ...foreignStates], ""),
        );
      case "entering":
        return this.handlers.entering(text(f["stream"], 64));
      case "replaced":
        this.close();
        return this.handlers.replaced();
    }
  }
}
