// A gateway that the test plays. The customer's page is the agent.

import assert from "node:assert/strict";
import { AgentLink, type Call } from "../src/customer/sharing/link.ts";
import { handshake, Origins, SealedChannel, Tries, type Kind, type SealError, type SealFailure } from "../src/seal/index.ts";
import { FakeLine } from "./lines.ts";
import { until } from "./rfbviewer.ts";

export const number = "482193057";

/** WebSockets to a gateway that the test plays. */
export class FakeSocket extends FakeLine {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  onopen: ((e: unknown) => void) | null = null;
  said: string[] = [];

  constructor(readonly url: string) {
    super();
    FakeSocket.all.push(this);
    queueMicrotask(() => this.onopen?.({}));
  }

  override send(data: Uint8Array<ArrayBuffer> | string): void {
    if (typeof data === "string") this.said.push(data);
    else super.send(data);
  }

  tell(message: object | string): void {
    const data = typeof message === "string" ? message : JSON.stringify(message);
    queueMicrotask(() => this.onmessage?.({ data }));
  }
}

/** Replaces WebSocket, so that the test plays the gateway of all connections from now on. */
export function playGateway(): void {
  FakeSocket.all = [];
  Object.assign(globalThis, { WebSocket: FakeSocket, location: { origin: "https://gateway.example", host: "gateway.example" } });
}

export const socket = (n: number) => FakeSocket.all[n]!;

/**
 * Answers the n-th connection, which is a stream, as an advisor who knows the number `digits`.
 * Returns the sealed channel, or the failure's name.
 */
export async function advise(n: number, digits: string, kind: Kind, stream: string): Promise<SealedChannel | SealFailure> {
  await until(() => FakeSocket.all.length > n);
  const line = new FakeLine();
  [line.peer, socket(n).peer] = [socket(n), line];
  const sealed = handshake(line, "advisor", { number: digits, kind, stream, tries: new Tries() }).catch(
    (e: SealError) => e.failure,
  );
  for (const early of socket(n).sent) line.receive(early);
  return sealed;
}

export function rig() {
  playGateway();
  const told: string[] = [];
  const streams: { channel: SealedChannel; call: Call }[] = [];
  const link = new AgentLink(
    { digits: number, tries: new Tries(1), origins: new Origins() },
    {
      joined: (p) => told.push("joined " + (p?.name ?? "nobody")),
      stream: (channel, call) => {
        streams.push({ channel, call });
        told.push(call.kind);
      },
      away: () => told.push("away"),
      doorBurnt: (door) => told.push("burnt " + door),
      refused: ({ code, retryAfter }) => told.push(`refused ${code} ${retryAfter}`),
      burnt: () => told.push("burnt"),
      over: (reason) => told.push("over " + reason),
    },
  );
  void link.run();
  return { link, told, streams, socket, advise };
}

export const id = (c: string) => c.repeat(22);
export const call = (c: string, kind: string, door: string) => ({ type: "call", stream: id(c), kind, door });
export const joined = { type: "joined", advisor: { name: "anna" }, resume: "token", grace: 120 };

export async function enter() {
  const r = rig();
  await until(() => r.socket(0)?.said.length === 1);
  r.socket(0).tell(call("A", "control", "entering"));
  assert.ok((await r.advise(1, number, "control", id("A"))) instanceof SealedChannel);
  r.socket(0).tell(joined);
  await until(() => r.told.includes("joined anna"));
  return r;
}
