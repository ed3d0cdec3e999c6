// SPEC.md, section 3.

import { concat, equalConstantTime, utf8, type Bytes } from "./bytes.ts";
import { SealedChannel } from "./channel.ts";
import * as cpace from "./cpace.ts";
import { SealError } from "./errors.ts";
import { frameType, makeFrame, type Frame } from "./frame.ts";
import { Inbox, type Line } from "./inbox.ts";
import { deriveKeys, label, type Keys } from "./keys.ts";
import { Direction } from "./record.ts";
import type { Tries } from "./tries.ts";

export type Role = "agent" | "advisor";
export type Kind = "control" | "view" | "show";

export interface Params {
  number: string; // nine digits
  kind: Kind;
  stream: string; // the stream's identifier
  tries: Tries;
  scalar?: bigint; // only the tests' vectors fix it
}

const version = 1;
const frameTimeout = 20_000;
const refuse = { number: 1, version: 2, burnt: 3 } as const;

/**
 * Runs the exchange on an open line and returns the sealed channel, which owns
 * the line from then on. On an error the line is closed.
 */
export async function handshake(line: Line, role: Role, params: Params): Promise<SealedChannel> {
  const inbox = new Inbox(line);
  try {
    const exchange = new Exchange(line, inbox, params);
    const keys = await (role === "agent" ? exchange.initiate() : exchange.respond());
    const [send, receive] = role === "agent" ? [keys.dataAgent, keys.dataAdvisor] : [keys.dataAdvisor, keys.dataAgent];
    return new SealedChannel(line, inbox, new Direction(send), new Direction(receive), keys.compare);
  } catch (e) {
    line.close();
    throw e;
  }
}

/**
 * Answers a stream for which no number is out, as if that had been burnt:
 * nothing is computed with it. The line is closed.
 */
export function refuseStream(line: Line): void {
  line.send(makeFrame(frameType.refuse, Uint8Array.of(refuse.burnt)));
  line.close();
}

class Exchange {
  private readonly sid: Bytes;
  private readonly own: cpace.Share;
  private readonly agentData = concat(utf8("agent"), Uint8Array.of(version));
  private readonly advisorData = concat(utf8("advisor"), Uint8Array.of(version));
  private readonly tries: Tries;

  constructor(
    private readonly line: Line,
    private readonly inbox: Inbox,
    { number, kind, stream, tries, scalar }: Params,
  ) {
    if (!/^[1-9][0-9]{8}$/.test(number)) throw new SealError("protocol", "a session number has nine digits");
    if (!/^.{1,64}$/.test(stream)) throw new SealError("protocol", "stream identifier has an impossible length");
    this.sid = utf8(stream);
    this.tries = tries;
    const ci = cpace.lvCat(label, utf8(number.slice(0, 4)), utf8(kind), utf8("agent"), utf8("advisor"));
    this.own = cpace.shareOf(scalar ?? cpace.randomScalar(), cpace.generator(utf8(number), ci, this.sid));
  }

  /** The agent's side. */
  async initiate(): Promise<Keys> {
    if (this.tries.burnt) throw this.refuse("burnt");
    this.send(frameType.share, Uint8Array.of(version), this.own.publicBytes);
    const body = await this.receive(frameType.shareConfirm);
    if (body[0] !== version) throw this.refuse("version");
    const yb = body.subarray(1, 1 + cpace.shareSize);
    const tag = body.subarray(1 + cpace.shareSize);
    if (!this.tries.take()) throw this.refuse("burnt");
    const keys = this.finish(this.own.publicBytes, yb, yb);
    if (!keys || !equalConstantTime(tag, keys.confirmAdvisor)) throw this.refuse("number");
    this.tries.giveBack();
    this.send(frameType.confirm, keys.confirmAgent);
    return keys;
  }

  /** The advisor's side. */
  async respond(): Promise<Keys> {
    const body = await this.receive(frameType.share);
    if (body[0] !== version) throw this.refuse("version");
    const ya = body.subarray(1);
    const keys = this.finish(ya, this.own.publicBytes, ya);
    // From here on the peer can test one guess, whether it answers or not.
    if (!this.tries.take()) throw this.refuse("burnt");
    if (!keys) throw this.refuse("number");
    this.send(frameType.shareConfirm, Uint8Array.of(version), this.own.publicBytes, keys.confirmAdvisor);
    const confirm = await this.receive(frameType.confirm);
    if (!equalConstantTime(confirm, keys.confirmAgent)) throw this.refuse("number");
    this.tries.giveBack();
    return keys;
  }

  /** Derives the keys from both shares; null when the peer's is invalid. */
  private finish(ya: Uint8Array, yb: Uint8Array, peer: Uint8Array): Keys | null {
    const point = cpace.secretPoint(this.own, peer);
    if (!point) return null;
    const transcript = cpace.transcriptIR(ya, this.agentData, yb, this.advisorData);
    return deriveKeys(cpace.intermediateKey(this.sid, point, transcript), transcript);
  }

  private send(type: number, ...body: Uint8Array[]): void {
    this.line.send(makeFrame(type, ...body));
  }

  private async receive(type: number): Promise<Bytes> {
    const frame: Frame = await this.inbox.nextWithin(frameTimeout);
    if (frame.type === frameType.refuse) throw refusal(frame.body[0]);
    if (frame.type !== type) throw new SealError("protocol", `frame 0x${frame.type.toString(16)} out of order`);
    return frame.body;
  }

  /** Tells the peer why there will be no seal, and returns the error for this end. */
  private refuse(why: keyof typeof refuse): SealError {
    this.send(frameType.refuse, Uint8Array.of(refuse[why]));
    return refusal(refuse[why]);
  }
}

function refusal(code: number | undefined): SealError {
  switch (code) {
    case refuse.number:
      return new SealError("wrong-number", "the other end has another session number");
    case refuse.version:
      return new SealError("version", "the other end speaks another version of the encryption");
    case refuse.burnt:
      return new SealError("burnt", "this session number was tried wrongly three times and is not used any more");
  }
  return new SealError("protocol", `refused for an unknown reason (${code ?? "none"})`);
}
