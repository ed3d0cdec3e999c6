// The test vectors that Go and TypeScript share, and the ends with their fixed values.

import * as cpace from "../src/seal/cpace.ts";
import {
  Origin,
  Origins,
  Tries,
  type KeptOrigin,
  type Kind,
  type Params,
  type Role,
  type SealFailure,
} from "../src/seal/index.ts";
import { unhex } from "./lines.ts";

export interface VectorRecord {
  From: Role;
  Plain: string;
  Frame: string;
  End: boolean;
}

export interface VectorOrigin {
  ID: string;
  Secret: string;
  Compare: string;
}

export interface Vector {
  Number: string;
  Kind: Kind;
  Stream: string;
  Origin?: VectorOrigin;
  Onward?: boolean;
  ScalarA: string;
  ScalarB: string;
  Nonce: string;
  ShareA: string;
  ShareB: string;
  Generator: string;
  ISK: string;
  FrameCommit: string;
  FrameShare: string;
  FrameShareConfirm: string;
  FrameConfirm: string;
  SecretA: string;
  SecretB: string;
  Compare: string;
  Exports?: VectorOrigin;
  Records: VectorRecord[];
  RekeyRecord: VectorRecord;
}

/** An exchange that an end must refuse. */
export interface BadVector {
  Name: string;
  Role: Role;
  Number: string;
  Kind: Kind;
  Stream: string;
  Scalar: string;
  Nonce: string;
  Known?: VectorOrigin;
  In: string[];
  Out: string[];
  Failure: SealFailure;
  /** Whether it counts as a wrong try. */
  Wrong: boolean;
}

export function originOf(v: VectorOrigin | undefined): Origin | null {
  return v ? Origin.from(keptOf(v)) : null;
}

export function keptOf({ ID, Secret, Compare }: VectorOrigin): KeptOrigin {
  return { id: ID, secret: Secret, compare: Compare };
}

/**
 * Returns the parameters of one end. `known` is the earlier exchange that the agent remembers
 * or that the advisor's end returns to.
 */
export function paramsOf(
  v: { Number: string; Kind: Kind; Stream: string; Nonce: string; Onward?: boolean },
  role: Role,
  scalar: string,
  known?: VectorOrigin,
): Params {
  const origin = originOf(known);
  const origins = new Origins();
  if (origin) origins.add(origin);
  return {
    number: v.Number,
    kind: v.Kind,
    stream: v.Stream,
    tries: new Tries(),
    ...(role === "agent" ? { origins } : { origin }),
    fixed: { scalar: cpace.scalarFromBytes(unhex(scalar)), nonce: unhex(v.Nonce), onward: v.Onward ?? false },
  };
}
