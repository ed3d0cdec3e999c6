// PROTOCOL.md, section 6: the advisor's end of a control stream.

import { readChatLine, readChatRefused, type Line } from "../common/chatlines.ts";
import { readColleagues, readWho, type Colleague, type Who } from "../common/colleagues.ts";
import { asFields, flag, list, number, oneOf, parseFields, text } from "../common/fields.ts";
import {
  readAnswer,
  readRights,
  readViewers,
  wishNames,
  type Answer,
  type Rights,
  type Viewer,
  type Wish,
} from "../common/rights.ts";
import { readShare, type Share } from "../common/shares.ts";
import {
  colleagueEnds,
  colleagueStages,
  directionNames,
  maxControlLine,
  noticeNames,
  type ChatRefusal,
  type ColleagueMay,
  type Customer as SentCustomer,
  type DirectionName,
  type FromAdvisor,
  type FromAgent,
  type NoticeName,
  type Unchecked,
} from "../protocol_gen.ts";
import { fromBase64url } from "../seal/bytes.ts";
import type { SealedChannel } from "../seal/index.ts";
import { readNumber, type ColleagueControl, type ReportedColleague } from "./colleagues.ts";
import { readFileState, type FileControl, type ReportedFile } from "./files.ts";
import { readOffer, type GivenOffer } from "./givenfile.ts";

export interface Customer {
  user: string;
  host: string;
  system: string;
  /** The system with its version; "" before the customer has allowed something. */
  systemName: string;
  /** The customer shares from the page, without a download. */
  browser: boolean;
  /** The program can draw the customer's attention to its question. */
  reminds: boolean;
  /** The program passes on what both write to each other. */
  chat: boolean;
  /** The program passes on files that the advisor offers. */
  files: boolean;
  /** The program admits colleagues whom this page asks for. */
  colleagues: boolean;
  /** The requests that the customer's program can fulfil. */
  can: Wish[];
  /** The key with which the program signs recordings; null: it makes none. */
  recordKey: Uint8Array | null;
}

/** The abilities of programs that do not report them: these are older than the field `can`. */
const oldProgram: Wish[] = ["view", "control", "clipboard"];

export interface ControlState {
  direction: DirectionName;
  rights: Rights;
  asked: Wish[];
  /** What the advisor can see; null if nothing, or if an old program does not report it. */
  share: Share | null;
  paused: boolean;
  /** The customer is using the mouse or keyboard, so remote input waits. */
  hands: boolean;
  /** What the customer's system hides from all programs; meanwhile remote input waits. */
  notice: "" | NoticeName;
  viewers: Viewer[];
  /** The customer has closed the window of the program. */
  panelClosed: boolean;
  /** The customer holds the recording. */
  held: boolean;
  /** The account of this page's advisor if he is a colleague; "" if he leads the session. */
  you: string;
  /** Who leads the session, told to colleagues. */
  advisor: Who | null;
  /** Whom the customer has admitted. */
  colleagues: Colleague[];
  /** The colleague who may ask for control; "": the advisor who leads. */
  holder: string;
}

export interface ControlEvent {
  event: "given" | "refused" | "timeout" | "taken" | "returned" | "delayed" | "asked";
  right: Wish | "point";
  by: "customer" | "advisor" | "key" | "auto";
  /**
   * With `delayed`: until the question is asked. With `asked`: until no answer counts as a refusal.
   */
  seconds: number;
}

/** A door's number, or the report that it is no longer valid. */
export interface DoorNumber {
  door: string;
  /** "" when it is no longer valid. */
  number: string;
}

export interface ControlHandlers {
  hello(customer: Customer, answer: Answer): void;
  state(state: ControlState): void;
  event(event: ControlEvent): void;
  door(answer: DoorNumber): void;
  /** A line of the chat, which may have arrived before. */
  chatLine(line: Line): void;
  /** The text with this tag was not passed on. */
  chatRefused(refusal: { tag: number; why: ChatRefusal }): void;
  /** What becomes of a file that was offered or given. */
  file(state: ReportedFile): void;
  /** The customer gives a file, which may be known already. */
  given(offer: GivenOffer): void;
  /** Lines of the record, from line number `first` on; they were not checked. */
  record(first: number, lines: unknown[]): void;
  /** What became of a request for a colleague. */
  colleague(state: ReportedColleague): void;
  /** How long a message to the customer's program and back takes, in milliseconds. */
  latency(milliseconds: number): void;
  bye(reason: string): void;
  closed(): void;
}

/** How many lines of the record one message may carry. */
const maxRecordLines = 2000;

/** How often the latency is measured while the page can be seen, in milliseconds. */
const pingEvery = 5000;

export class ControlStream implements FileControl, ColleagueControl {
  private readonly decoder = new TextDecoder();
  private rest = "";
  private sequence = -1;
  private pings: ReturnType<typeof setInterval> | undefined;
  private ping = { id: 0, at: 0 };

  constructor(
    private readonly channel: SealedChannel,
    private readonly handlers: ControlHandlers,
    /** The key with which this end signs recordings. */
    key = "",
  ) {
    channel.onmessage = ({ data }) => this.receive(data);
    channel.onclose = () => {
      clearInterval(this.pings);
      handlers.closed();
    };
    this.send({ type: "hello", version: "1", client: "page", leads: true, ...(key && { key }) });
  }

  ask(right: Wish): void {
    this.send({ type: "ask", right });
  }

  /** Gives a right back, or withdraws the request for it. */
  giveBack(right: Wish): void {
    this.send({ type: "return", right });
  }

  /** Draws the customer's attention to the question that is open. */
  remind(): void {
    this.send({ type: "remind" });
  }

  /** Writes a line of the chat. */
  write(text: string, tag: number): void {
    this.send({ type: "chat", text, tag });
  }

  offerFile(id: string, name: string, size: number): void {
    this.send({ type: "file", id, name, size });
  }

  /** Withdraws the offer of a file, ends its transfer, or says that it is not wanted. */
  cancelFile(id: string): void {
    this.send({ type: "fileCancel", id });
  }

  askColleague(who: Who, may: ColleagueMay): void {
    this.send({ type: "colleague", who: { name: who.account, display: who.name, company: who.company }, for: may });
  }

  dropColleague(account: string): void {
    this.send({ type: "colleagueDrop", name: account });
  }

  passControl(account: string): void {
    this.send({ type: "passControl", name: account });
  }

  passSession(account: string): void {
    this.send({ type: "passSession", name: account });
  }

  /** Asks for a number for one viewer that cannot seal. */
  askDoor(door: string): void {
    this.send({ type: "door", door });
  }

  end(): void {
    this.send({ type: "end" });
  }

  close(): void {
    clearInterval(this.pings);
    this.channel.close();
  }

  private measure(): void {
    if (document.hidden) return;
    this.ping = { id: this.ping.id + 1, at: performance.now() };
    this.send({ type: "ping", id: this.ping.id });
  }

  private send(message: FromAdvisor): void {
    this.channel.send(new TextEncoder().encode(JSON.stringify(message) + "\n"));
  }

  private receive(data: ArrayBuffer): void {
    this.rest += this.decoder.decode(data, { stream: true });
    const lines = this.rest.split("\n");
    this.rest = lines.pop() ?? "";
    if (this.rest.length > maxControlLine) return this.close();
    for (const line of lines) {
      const fields = parseFields<FromAgent>(line, maxControlLine);
      if (!fields) return this.close();
      this.dispatch(fields);
    }
  }

  private dispatch(f: Unchecked<FromAgent>): void {
    switch (f["type"]) {
      case "hello": {
        const c = asFields<SentCustomer>(f["customer"]) ?? {};
        const can = Array.isArray(f["can"]) ? wishNames.filter((w) => list(f["can"], 16).includes(w)) : oldProgram;
        const customer = {
          user: text(c["user"], 60),
          host: text(c["host"], 60),
          system: text(c["system"], 60),
          systemName: text(c["systemName"], 60),
          browser: f["program"] === "browser",
          reminds: flag(f["reminds"]),
          chat: flag(f["chat"]),
          files: flag(f["files"]),
          colleagues: flag(f["colleagues"]),
          can,
          recordKey: can.includes("record") ? fromBase64url(text(f["key"], 43), 32) : null,
        };
        if (flag(f["pong"]) && this.pings === undefined) {
          this.pings = setInterval(() => this.measure(), pingEvery);
          this.measure();
        }
        return this.handlers.hello(customer, readAnswer(f["answer"]));
      }
      case "state": {
        const sequence = typeof f["seq"] === "number" ? f["seq"] : 0;
        if (sequence < this.sequence) return;
        this.sequence = sequence;
        return this.handlers.state({
          direction: oneOf(f["direction"], directionNames, "none"),
          rights: readRights(f["rights"]),
          asked: wishNames.filter((r) => list(f["asked"], 8).includes(r)),
          share: readShare(f["share"]),
          paused: flag(f["paused"]),
          hands: flag(f["hands"]),
          notice: oneOf(f["notice"], ["", ...noticeNames], ""),
          viewers: readViewers(f["viewers"]),
          panelClosed: flag(f["panelClosed"]),
          held: flag(f["held"]),
          you: text(f["you"], 80),
          advisor: readWho(f["advisor"]),
          colleagues: readColleagues(f["colleagues"]),
          holder: text(f["holder"], 80),
        });
      }
      case "event": {
        const event = oneOf(f["event"], ["given", "refused", "timeout", "taken", "returned", "delayed", "asked", ""], "");
        const right = oneOf(f["right"], [...wishNames, "point", ""], "");
        if (event === "" || right === "") return;
        return this.handlers.event({
          event,
          right,
          by: oneOf(f["by"], ["customer", "advisor", "key", "auto"], "customer"),
          seconds: Math.max(0, number(f["seconds"])),
        });
      }
      case "pong":
        if (number(f["id"]) === this.ping.id) this.handlers.latency(performance.now() - this.ping.at);
        return;
      case "door":
        return this.handlers.door({ door: text(f["door"], 20), number: text(f["number"], 9) });
      case "chatLine": {
        const line = readChatLine(f);
        if (line) this.handlers.chatLine(line);
        return;
      }
      case "record":
        return this.handlers.record(number(f["first"]), list(f["lines"], maxRecordLines));
      case "chatRefused":
        return this.handlers.chatRefused(readChatRefused(f));
      case "file": {
        const offer = readOffer(f);
        if (offer) this.handlers.given(offer);
        return;
      }
      case "fileState": {
        const state = readFileState(f);
        if (state) this.handlers.file(state);
        return;
      }
      case "colleagueState":
        return this.handlers.colleague({
          account: text(f["name"], 80),
          stage: oneOf(f["state"], colleagueStages, "gone"),
          number: readNumber(f["number"]),
          why: oneOf(f["why"], [...colleagueEnds, ""], ""),
        });
      case "bye":
        return this.handlers.bye(text(f["reason"], 20));
    }
  }
}
