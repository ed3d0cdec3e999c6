// PANEL.md: what the agent says of the session, checked and bounded.

import { asFields, flag, number, oneOf, parseFields, text } from "../common/fields.ts";
import {
  readAnswer,
  readRights,
  readViewers,
  rightNames,
  type Answer,
  type Right,
  type Rights,
  type Viewer,
} from "../common/rights.ts";

const maxMessage = 64 * 1024;

export type PanelPhase = "number" | "connecting" | "joined" | "away" | "ended";

export interface Question {
  id: string;
  right: Right;
  seconds: number;
  armed: boolean;
}

export interface Snapshot {
  seq: number;
  lang: "de" | "en";
  gateway: string;
  phase: PanelPhase;
  error: { code: string; message: string; retryAfter: number } | null;
  number: string;
  advisor: { name: string; company: string } | null;
  compare: string;
  line: "sealed" | "gateway" | "";
  direction: "none" | "customer" | "advisor";
  rights: Rights;
  paused: boolean;
  question: Question | null;
  viewers: Viewer[];
  answer: Answer;
  reason: string;
  key: string;
}

/** Reads a state message; null for anything else. */
export function readSnapshot(data: unknown): Snapshot | null {
  const f = parseFields(data, maxMessage);
  if (!f || f["type"] !== "state") return null;
  const error = asFields(f["error"]);
  const advisor = asFields(f["advisor"]);
  const question = asFields(f["question"]);
  return {
    seq: number(f["seq"]),
    lang: oneOf(f["lang"], ["de", "en"], "en"),
    gateway: text(f["gateway"], 100),
    phase: oneOf(f["phase"], ["number", "connecting", "joined", "away", "ended"], "connecting"),
    error: error && {
      code: text(error["code"], 20),
      message: text(error["message"], 300),
      retryAfter: number(error["retry_after"]),
    },
    number: text(f["number"], 20),
    advisor: advisor && {
      name: text(advisor["display"], 80) || text(advisor["name"], 80),
      company: text(advisor["company"], 80),
    },
    compare: text(f["compare"], 4),
    // A line that is not known to be sealed is never called so.
    line: oneOf(f["line"], ["sealed", "gateway", ""], ""),
    direction: oneOf(f["direction"], ["none", "customer", "advisor"], "none"),
    rights: readRights(f["rights"]),
    paused: flag(f["paused"]),
    question: question && {
      id: text(question["id"], 40),
      right: oneOf(question["right"], rightNames, "control"),
      seconds: Math.max(0, number(question["seconds"])),
      armed: flag(question["armed"]),
    },
    viewers: readViewers(f["viewers"]),
    answer: readAnswer(f["answer"]),
    reason: text(f["reason"], 20),
    key: text(f["key"], 10),
  };
}
