// PROTOCOL.md, section 5: the agent's link to the gateway, from entering a number to the end of the
// session, reconnecting after lost lines.

import { Backoff } from "../../common/backoff.ts";
import { asFields, matching, number, oneOf, parseFields, text } from "../../common/fields.ts";
import { openLine, socketAddress } from "../../common/line.ts";
import { solvePuzzle } from "../../common/puzzle.ts";
import {
  endReasons,
  enterTimeout,
  maxCustomerQuestion,
  maxGrace,
  maxLinkMessage,
  maxPuzzles,
  maxStreams,
  maxTermsVersion,
  proofTimeout,
  refusedCodes,
  streamKinds,
  type AgentRequest,
  type GatewayMessage,
  type Person,
  type Terms,
  type RefusedCode,
  type Unchecked,
} from "../../protocol_gen.ts";
import { handshake, refuseStream, type Kind, type Line, type Origins, type SealedChannel, type Tries } from "../../seal/index.ts";
import { DoorNumbers, lineOf } from "./doors.ts";
import { readLimits, type Limits } from "./filelist.ts";

/** How long the last messages have to leave, in milliseconds. */
const farewell = 100;

/** A typed number, with the data that outlives a lost line. */
export interface Entered {
  digits: string;
  tries: Tries;
  /** The exchanges of the advisor's ends that proved the number. */
  origins: Origins;
}

export type { Person };

export interface Call {
  stream: string;
  kind: Kind;
  door: string;
  from: string;
}

export interface Refused {
  code: RefusedCode | "gateway";
  retryAfter: number;
  /** With the code "terms". */
  terms?: { version: string; sha256: string };
}

export interface LinkHandlers {
  joined(advisor: Person | null, survey: { question: string; answer: string }, limits: Limits | null): void;
  /** Takes a sealed stream and the call that requested it. */
  stream(channel: SealedChannel, call: Call): void;
  /** The line is lost; the link reconnects. */
  away(): void;
  /** The number was refused; another can be typed. */
  refused(why: Refused): void;
  /** Three wrong tries burnt a door's number; the session continues. */
  doorBurnt(door: string): void;
  /**
   * Somebody guessed at the session's number: the session is about to end, and nothing is allowed
   * any longer.
   */
  burnt(): void;
  /** The link has ended for good and every stream is closed. */
  over(reason: string): void;
}

interface Bound {
  resume: string;
  grace: number; // ms
}

/** How a connection ended. */
interface Outcome {
  bound: Bound | null;
  refused: Refused | null;
  ended: string;
}

export class AgentLink {
  private socket: WebSocket | null = null;
  private stopped = false;
  private readonly channels = new Set<SealedChannel>();
  private wake: () => void = () => {};
  /** The numbers for viewers that cannot seal. */
  readonly doors: DoorNumbers;

  constructor(
    private readonly entered: Entered,
    private readonly handlers: LinkHandlers,
    /** The version of the terms that the customer has accepted; "" for none. */
    private readonly terms = "",
  ) {
    this.doors = new DoorNumbers(entered.digits);
  }

  /** Runs until the session ends. */
  async run(): Promise<void> {
    let bound: Bound | null = null;
    let deadline = Infinity;
    const backoff = new Backoff();
    while (!this.stopped) {
      if (this.entered.tries.burnt)
        return bound ? this.finish("burnt") : this.handlers.refused({ code: "number", retryAfter: 0 });
      const outcome: Outcome = await this.serve(bound);
      this.closeStreams();
      if (this.stopped) return;
      if (outcome.ended) return this.finish(outcome.ended);
      if (outcome.bound) {
        bound = outcome.bound;
        deadline = Date.now() + bound.grace;
        backoff.reset();
        this.handlers.away();
      } else if (!bound) {
        return this.handlers.refused(outcome.refused ?? { code: "gateway", retryAfter: 0 });
      } else if (outcome.refused && outcome.refused.code !== "rate") {
        return this.finish("lost");
      }
      const wait = Math.max(backoff.next(), Math.min((outcome.refused?.retryAfter ?? 0) * 1000, (deadline - Date.now()) / 2));
      if (Date.now() + wait > deadline) return this.finish("lost");
      await this.sleep(wait);
    }
  }

  /** Ends the session for both ends. */
  end(reason: "customer" | "advisor"): void {
    if (this.socket?.readyState === WebSocket.OPEN) send(this.socket, { type: "end", reason });
    this.stop();
  }

  /** Closes everything and calls no handler afterwards. */
  stop(): void {
    this.stopped = true;
    this.wake();
    this.closeStreams();
    this.socket?.close();
  }

  private finish(reason: string): void {
    this.stop();
    this.handlers.over(reason);
  }

  /**
   * Ends the session because somebody guessed at its number: reports it to the advisor on the
   * sealed streams, then to the gateway.
   */
  private burnt(): void {
    this.handlers.burnt();
    // The gateway cuts the streams at once, so first let their data leave.
    setTimeout(() => {
      this.end("customer");
      this.handlers.over("burnt");
    }, farewell);
  }

  private closeStreams(): void {
    for (const channel of this.channels) channel.close();
    this.channels.clear();
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Runs one connection: enters or resumes, then takes calls until the line is lost. */
  private serve(resume: Bound | null): Promise<Outcome> {
    const socket = new WebSocket(socketAddress("/agent/v1"));
    this.socket = socket;
    const place = this.entered.digits.slice(0, 4);
    let bound: Bound | null = null;
    let proof: Promise<boolean> | null = null;
    const working = new AbortController();
    let puzzles = 0;
    return new Promise((resolve) => {
      const done = (outcome: Partial<Outcome>) => {
        clearTimeout(patience);
        working.abort();
        socket.onmessage = socket.onclose = socket.onerror = null;
        socket.close();
        if (this.socket === socket) this.socket = null;
        resolve({ bound, refused: null, ended: "", ...outcome });
      };
      const patience = setTimeout(() => done({}), enterTimeout);
      const enter = (work?: string) =>
        send(socket, {
          type: "enter",
          place,
          ...(resume && { resume: resume.resume }),
          ...(work && { proof: work }),
          ...(this.terms && { terms: this.terms }),
        });
      socket.onopen = () => enter();
      socket.onclose = socket.onerror = () => done({});
      const hear = async (data: unknown) => {
        const f = parseFields<GatewayMessage>(data, maxLinkMessage);
        switch (f?.["type"]) {
          case "call": {
            const call = readCall(f);
            if (!call) return;
            const entering = call.door === "entering";
            // The number is proven once, before anything else.
            if (entering ? bound || resume || proof || call.kind !== "control" : !bound) return;
            const sealed = this.open(call);
            if (entering) proof = sealed;
            return;
          }
          case "puzzle":
            if (++puzzles > maxPuzzles) return done({});
            return solvePuzzle(text(f["puzzle"], 64), working.signal).then(enter, () => done({}));
          case "joined": {
            if (bound) return;
            if (!(await this.proven(resume !== null, proof))) return done({ refused: { code: "number", retryAfter: 0 } });
            if (this.socket !== socket) return;
            clearTimeout(patience);
            bound = { resume: text(f["resume"], 100), grace: Math.min(Math.max(number(f["grace"]), 0) * 1000, maxGrace) };
            const survey = {
              question: text(f["question"], maxCustomerQuestion),
              answer: matching(f["answer"], /^[A-Za-z0-9_-]{1,100}$/),
            };
            return this.handlers.joined(readPerson(f["advisor"]), survey, readLimits(f["files"]));
          }
          case "refused": {
            const code = oneOf(f["code"], refusedCodes, "number");
            // A number that was accepted can no longer be refused.
            const retryAfter = Math.min(Math.max(number(f["retry_after"]), 0), 3600);
            const terms = code === "terms" ? readTerms(f["terms"]) : undefined;
            return done(bound ? {} : { refused: { code, retryAfter, ...(terms && { terms }) } });
          }
          case "ended":
            return done({ ended: oneOf(f["reason"], endReasons, "lost") });
        }
      };
      // One message after the other: a call after "joined" waits for the proof.
      let heard = Promise.resolve();
      socket.onmessage = ({ data }) => {
        heard = heard.then(() => hear(data));
      };
    });
  }

  /**
   * Waits for the proof that the peer had the number: the gateway's "joined" alone does not count.
   */
  private async proven(resumed: boolean, proof: Promise<boolean> | null): Promise<boolean> {
    if (resumed) return true;
    if (!proof) return false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), proofTimeout)));
    const good = await Promise.race([proof, late]);
    clearTimeout(timer);
    return good;
  }

  /** Answers a call; resolves to true if the seal succeeded. */
  private async open(call: Call): Promise<boolean> {
    if (this.channels.size >= maxStreams) return false;
    const { socket } = this;
    try {
      const line = await openLine(`/agent/v1/streams/${encodeURIComponent(call.stream)}`);
      if (this.stopped || this.socket !== socket) {
        line.close();
        return false;
      }
      const channel = await this.seal(line as unknown as Line, call);
      if (!channel) return false;
      if (this.stopped || this.socket !== socket) {
        channel.close();
        return false;
      }
      this.channels.add(channel);
      this.handlers.stream(channel, call);
      const { onclose } = channel;
      channel.onclose = (e) => {
        this.channels.delete(channel);
        onclose?.(e);
      };
      return true;
    } catch {
      // This end's own count burnt the number. Both ends had proved it by then, so this was an
      // attack, or the advisor mistyped the number in a helper.
      if (this.entered.tries.burnt && call.door !== "entering") this.burnt();
      return false;
    }
  }

  /**
   * Seals a stream with the number of its door: the session's number if the line is called sealed,
   * else the door's own number. So what the page reports about a line does not depend on trusting
   * the gateway.
   */
  private async seal(line: Line, { kind, stream, door }: Call): Promise<SealedChannel | null> {
    const { digits, tries, origins } = this.entered;
    if (lineOf(door) === "sealed") return handshake(line, "agent", { number: digits, kind, stream, tries, origins });
    const n = this.doors.find(door);
    if (!n || kind !== "view") {
      refuseStream(line); // nobody who knows the session's number requested it
      return null;
    }
    try {
      const channel = await handshake(line, "agent", { number: n.digits, kind, stream, tries: n.tries });
      if (this.doors.spend(door, n)) return channel;
      channel.close();
    } catch {
      if (n.tries.burnt && this.doors.spend(door, n)) this.handlers.doorBurnt(door);
    }
    return null;
  }
}

function send(socket: WebSocket, message: AgentRequest): void {
  socket.send(JSON.stringify(message));
}

function readTerms(value: unknown): { version: string; sha256: string } | undefined {
  const f = asFields<Terms>(value);
  const terms = { version: text(f?.["version"], maxTermsVersion), sha256: matching(f?.["sha256"], /^[0-9a-f]{64}$/) };
  return terms.version && terms.sha256 ? terms : undefined;
}

function readCall(f: Unchecked<GatewayMessage>): Call | null {
  const kind = oneOf(f["kind"], [...streamKinds, ""], "");
  const stream = text(f["stream"], 64);
  if (kind === "" || !/^[A-Za-z0-9_-]{22}$/.test(stream)) return null;
  return { stream, kind, door: text(f["door"], 20), from: text(f["from"], 60) };
}

function readPerson(value: unknown): Person | null {
  const f = asFields<Person>(value);
  return f && { name: text(f["name"], 80), display: text(f["display"], 80), company: text(f["company"], 80) };
}
