// PROTOCOL.md, section 6: the agent's end of a control stream.

import { readTag } from "../../common/chatlines.ts";
import { number, oneOf, parseFields, text } from "../../common/fields.ts";
import { wishNames, type Wish } from "../../common/rights.ts";
import { maxControlLine, numberedDoors, type FromAdvisor, type FromAgent, type NumberedDoor } from "../../protocol_gen.ts";
import type { SealedChannel } from "../../seal/index.ts";

const messagesPerSecond = 20;
/**
 * An advisor's end that leaves this many bytes unread is cut off; it may reconnect. The whole chat,
 * which a new end receives at once, has less than half as many.
 */
const maxUnread = 1024 * 1024;

export interface ControlEndHandlers {
  ask(right: Wish): void;
  giveBack(right: Wish): void;
  /** The advisor requests the number for one viewer that cannot seal. */
  door(door: NumberedDoor): void;
  /** The advisor has written a line, which was not checked. */
  chat(text: string, tag: number): void;
  /** The advisor offers a file. Nothing of it was checked. */
  file(id: string, name: string, size: unknown): void;
  /** The advisor gives up a file, or does not want one of the customer's. */
  fileCancel(id: string): void;
  end(): void;
  closed(): void;
}

export class ControlEnd {
  private readonly decoder = new TextDecoder();
  private rest = "";
  private second = 0;
  private count = 0;
  private held: ArrayBuffer[] | null = [];
  private heldBytes = 0;

  /** Until start is called, messages from the advisor are kept and not obeyed. */
  constructor(
    private readonly channel: SealedChannel,
    private readonly handlers: ControlEndHandlers,
  ) {
    channel.onmessage = ({ data }) => this.take(data);
    channel.onclose = () => handlers.closed();
  }

  /**
   * Called when the customer has joined the session, which the gateway reports on another line. The
   * advisor's earlier requests are obeyed now.
   */
  start(): void {
    const { held } = this;
    this.held = null;
    for (const data of held ?? []) this.receive(data);
  }

  send(message: FromAgent): void {
    if (this.channel.bufferedAmount > maxUnread) return this.channel.close();
    this.channel.send(new TextEncoder().encode(JSON.stringify(message) + "\n"));
  }

  close(): void {
    this.channel.close();
  }

  private take(data: ArrayBuffer): void {
    if (!this.held) return this.receive(data);
    this.held.push(data);
    this.heldBytes += data.byteLength;
    if (this.heldBytes > maxControlLine) this.close();
  }

  private receive(data: ArrayBuffer): void {
    this.rest += this.decoder.decode(data, { stream: true });
    const lines = this.rest.split("\n");
    this.rest = lines.pop() ?? "";
    if (this.rest.length > maxControlLine) return this.close();
    for (const line of lines) {
      const fields = parseFields<FromAdvisor>(line, maxControlLine);
      if (!fields || this.tooMany()) return this.close();
      const right = oneOf(fields["right"], [...wishNames, ""], "");
      switch (fields["type"]) {
        case "ask":
          if (right) this.handlers.ask(right);
          break;
        case "return":
          if (right) this.handlers.giveBack(right);
          break;
        case "door": {
          const door = oneOf(fields["door"], [...numberedDoors, ""], "");
          if (door) this.handlers.door(door);
          break;
        }
        case "chat": {
          const words = fields["text"];
          this.handlers.chat(typeof words === "string" ? words : "", readTag(fields["tag"]));
          break;
        }
        case "file": {
          const name = fields["name"];
          this.handlers.file(text(fields["id"], 22), typeof name === "string" ? name : "", fields["size"]);
          break;
        }
        case "fileCancel":
          this.handlers.fileCancel(text(fields["id"], 22));
          break;
        case "ping":
          this.send({ type: "pong", id: number(fields["id"]) });
          break;
        case "end":
          this.handlers.end();
      }
    }
  }

  private tooMany(): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.second) [this.second, this.count] = [second, 0];
    return ++this.count > messagesPerSecond;
  }
}
