// SPEC.md, section 3.

import type { StreamKind } from "../protocol_gen.ts";
import { concat, equalConstantTime, utf8, type Bytes } from "./bytes.ts";
import { SealedChannel } from "./channel.ts";
import { Commitment, nonceSize, version } from "./commit.ts";
import * as cpace from "./cpace.ts";
import { SealError } from "./errors.ts";
import { frameType, makeFrame, type Frame } from "./frame.ts";
import { Inbox, sendOn, type Line } from "./inbox.ts";
import { deriveKeys, label, type Keys } from "./keys.ts";
import type { Origin, Origins } from "./origin.ts";
import { Direction } from "./record.ts";
import type { Tries } from "./tries.ts";

export type Role = "agent" | "advisor";
export type Kind = StreamKind;

export interface Params {
  number: string; // nine digits
  kind: Kind;
  stream: string; // the stream's identifier
  tries: Tries;
  /**
   * At the advisor's end: the exchange that the stream goes back to. Without it, the exchange is
   * over the number alone.
   */
  origin?: Origin | null;
  /**
   * At the advisor's end, for the stream of somebody who enters: of all exchanges that share the
   * tries, only the first right one succeeds.
   */
  once?: boolean;
  /**
   * At the agent: the exchanges that streams may go back to; new ones over the number alone are
   * added. Without it, no stream may go back to one, and none is added.
   */
  origins?: Origins;
  /** Only for tests with vectors. */
  fixed?: { scalar: bigint; nonce?: Bytes; onward?: boolean };
}

const frameTimeout = 20_000;
/**
 * How long an agent waits for the first message of the advisor's end, in milliseconds. One of
 * version 1 never sends it, and gets the answer before its own timeout.
 */
const commitTimeout = 15_000;
const notOpened = "the other end did not keep to the share it had committed to; somebody between is changing what is sent";
const refuse = { number: 1, version: 2, burnt: 3, origin: 4 } as const;

/**
 * Runs the exchange on an open line and returns the sealed channel, which owns the line from then
 * on. Closes the line on an error.
 */
export async function handshake(line: Line, role: Role, params: Params): Promise<SealedChannel> {
  const inbox = new Inbox(line);
  try {
    const exchange = new Exchange(line, inbox, params);
    const { keys, origin, onward } = await (role === "agent" ? exchange.agent() : exchange.advisor());
    const [send, receive] = role === "agent" ? [keys.dataAgent, keys.dataAdvisor] : [keys.dataAdvisor, keys.dataAgent];
    return new SealedChannel(line, inbox, new Direction(send), new Direction(receive), origin, onward);
  } catch (e) {
    line.close();
    throw e;
  }
}

/**
 * Answers a stream for which there is no number as if the number had been burnt: computes nothing
 * with it, and closes the line.
 */
export function refuseStream(line: Line): void {
  sendOn(line, makeFrame(frameType.refuse, Uint8Array.of(refuse.burnt)));
  line.close();
}

/** The result of an exchange. */
interface Made {
  keys: Keys;
  origin: Origin;
  onward: boolean;
}

class Exchange {
  private readonly sid: Bytes;
  private readonly ci: Bytes;
  private readonly agentData = concat(utf8("agent"), Uint8Array.of(version));
  private own: cpace.Share = { scalar: 0n, publicBytes: new Uint8Array(0) };

  constructor(
    private readonly line: Line,
    private readonly inbox: Inbox,
    private readonly params: Params,
  ) {
    const { number, kind, stream } = params;
    if (!/^[1-9][0-9]{8}$/.test(number)) throw new SealError("protocol", "a session number has nine digits");
    if (!/^.{1,64}$/.test(stream)) throw new SealError("protocol", "stream identifier has an impossible length");
    this.sid = utf8(stream);
    this.ci = cpace.lvCat(label, utf8(number.slice(0, 4)), utf8(kind), utf8("agent"), utf8("advisor"));
  }

  /** The customer's end. */
  async agent(): Promise<Made> {
    const { tries, origins } = this.params;
    const commitment = await this.receiveCommitment();
    const earlier = commitment.bound ? (origins?.find(commitment.originId) ?? null) : null;
    if (commitment.bound && !earlier) throw this.refuse("origin");
    this.draw(earlier);
    this.send(frameType.share, Uint8Array.of(version), this.own.publicBytes);
    const body = await this.receive(frameType.shareConfirm);
    if (body[0] !== version) throw this.refuse("version");
    const yb = body.subarray(1, 1 + cpace.shareSize);
    const nonce = body.subarray(1 + cpace.shareSize, 1 + cpace.shareSize + nonceSize);
    const tag = body.subarray(1 + cpace.shareSize + nonceSize);
    const outcome = tries.test(() => {
      if (!commitment.opens(this.sid, yb, nonce)) return { right: false, opened: false, keys: null };
      const keys = this.finish(this.own.publicBytes, yb, yb, commitment.advisorData(nonce));
      return { right: keys !== null && equalConstantTime(tag, keys.confirmAdvisor), opened: true, keys };
    });
    if (!outcome) throw this.refuse("burnt");
    const { right, opened, keys } = outcome;
    if (!right || !keys) {
      const wrong = this.refuse("number");
      throw opened ? wrong : new SealError("opened", notOpened);
    }
    // The other end may go back to this exchange as soon as it has the tag.
    if (!earlier) origins?.add(keys.origin);
    this.send(frameType.confirm, keys.confirmAgent);
    return { keys, origin: earlier ?? keys.origin, onward: commitment.onward };
  }

  /** Receives the advisor's first frame. */
  private async receiveCommitment(): Promise<Commitment> {
    let body: Bytes;
    try {
      body = await this.receive(frameType.commit, commitTimeout);
    } catch (e) {
      if (e instanceof SealError && e.failure === "timeout") this.refuse("version");
      throw e;
    }
    if (this.params.tries.burnt) throw this.refuse("burnt");
    try {
      return Commitment.from(body);
    } catch (e) {
      if (e instanceof SealError && e.failure === "version") this.refuse("version");
      throw e;
    }
  }

  /** The advisor's end. */
  async advisor(): Promise<Made> {
    const { tries, fixed, once = false } = this.params;
    const earlier = this.params.origin ?? null;
    if (tries.burnt || (once && tries.isProven)) throw this.noTryLeft();
    this.draw(earlier);
    const nonce = fixed?.nonce ?? crypto.getRandomValues(new Uint8Array(nonceSize));
    const onward = fixed?.onward ?? false; // a page never passes a stream on
    const commitment = Commitment.to(this.sid, this.own.publicBytes, nonce, earlier, onward);
    this.send(frameType.commit, commitment.body);
    const body = await this.receive(frameType.share);
    if (body[0] !== version) throw this.refuse("version");
    const ya = body.subarray(1);
    const keys = this.finish(ya, this.own.publicBytes, ya, commitment.advisorData(nonce));
    // From here on the peer can test one guess, whether it answers or not. A stream that goes back
    // to an earlier exchange contains no guess: there only a wrong answer counts, not a lost line.
    const settle = earlier ? () => true : await tries.begin(frameTimeout, once);
    if (!settle) throw this.noTryLeft();
    try {
      if (!keys) throw this.refuse("number");
      await this.confirm(keys, nonce);
    } catch (e) {
      settle(false);
      if (earlier && e instanceof SealError && e.failure === "wrong-number") tries.wrong();
      throw e;
    }
    if (!settle(true)) throw this.noTryLeft();
    return { keys, origin: earlier ?? keys.origin, onward };
  }

  /**
   * The error when no try is left: the number is burnt, or somebody else has entered with it. The
   * other end gets the same reason.
   */
  private noTryLeft(): SealError {
    const burnt = this.refuse("burnt");
    const { once = false, tries } = this.params;
    if (!once || tries.burnt) return burnt;
    return new SealError("used", "somebody else has entered by this number already");
  }

  /** Opens the commitment and receives the agent's tag. */
  private async confirm(keys: Keys, nonce: Bytes): Promise<void> {
    this.send(frameType.shareConfirm, Uint8Array.of(version), this.own.publicBytes, nonce, keys.confirmAdvisor);
    const tag = await this.receive(frameType.confirm);
    if (!equalConstantTime(tag, keys.confirmAgent)) throw this.refuse("number");
  }

  /** Draws this end's share; `earlier` is the exchange that the stream goes back to. */
  private draw(earlier: Origin | null): void {
    const prs = concat(utf8(this.params.number), earlier?.secret ?? new Uint8Array(0));
    const scalar = this.params.fixed?.scalar ?? cpace.randomScalar();
    this.own = cpace.shareOf(scalar, cpace.generator(prs, this.ci, this.sid));
    prs.fill(0);
  }

  /** Derives the keys from both shares; null if the peer's is invalid. */
  private finish(ya: Uint8Array, yb: Uint8Array, peer: Uint8Array, advisorData: Uint8Array): Keys | null {
    const point = cpace.secretPoint(this.own, peer);
    if (!point) return null;
    const transcript = cpace.transcriptIR(ya, this.agentData, yb, advisorData);
    return deriveKeys(cpace.intermediateKey(this.sid, point, transcript), transcript);
  }

  private send(type: number, ...body: Uint8Array[]): void {
    sendOn(this.line, makeFrame(type, ...body));
  }

  private async receive(type: number, within = frameTimeout): Promise<Bytes> {
    const frame: Frame = await this.inbox.nextWithin(within);
    if (frame.type === frameType.refuse) throw refusal(frame.body[0]);
    if (frame.type !== type) throw new SealError("protocol", `frame 0x${frame.type.toString(16)} out of order`);
    return frame.body;
  }

  /** Sends the peer the reason for the refusal, and returns the error for this end. */
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
      return new SealError("burnt", "this session number was tried wrongly and is not used any more");
    case refuse.origin:
      return new SealError("origin", "the other end does not know the earlier exchange that this stream goes back to");
  }
  return new SealError("protocol", `refused for an unknown reason (${code ?? "none"})`);
}
