// A recording that the Go programs made, with the hashes of its pictures: film/vectors_test.go.

import { readFileSync } from "node:fs";

const file = JSON.parse(readFileSync("../film/testdata/vectors.json", "utf8")) as {
  recording: string;
  frames: string[];
  head: string;
  links: number;
  agentKey: string;
  advisorKey: string;
  agentSignature: string;
};

const bytes = (base64: string) => Uint8Array.from(Buffer.from(base64, "base64"));

export const vectors = {
  ...file,
  recording: bytes(file.recording),
  agentKey: bytes(file.agentKey),
  advisorKey: bytes(file.advisorKey),
  agentSignature: bytes(file.agentSignature),
  /** The seed of the agent's key; film/vectors_test.go. */
  agentSeed: new Uint8Array(32).fill(1),
};
