// PANEL.md: the agent's state of the session, checked and bounded.

import { asFields, flag, list, number, oneOf, parseFields, text } from "../common/fields.ts";
import {
  lineNames,
  readAnswer,
  readRights,
  readViewers,
  wishNames,
  type Answer,
  type LineKind,
  type Rights,
  type Viewer,
  type Wish,
} from "../common/rights.ts";
import { readShare, type Share } from "../common/shares.ts";
import {
  directionNames,
  noticeNames,
  panelPhases,
  type DirectionName,
  type NoticeName,
  type PanelAppChoice,
  type PanelChoices,
  type PanelFailure,
  type PanelMonitorChoice,
  type PanelPhase,
  type PanelQuestion,
  type PanelSnapshot,
  type Person,
  type Unchecked,
} from "../protocol_gen.ts";
import { languages, type Language } from "../texts_gen/languages.ts";

const maxMessage = 512 * 1024;

export type { PanelPhase };

export interface Question {
  id: string;
  /** `resume`: whether a paused view continues. */
  right: Wish | "resume";
  seconds: number;
  armed: boolean;
  /** The program asks in its own window; this page can only refuse. */
  window: boolean;
  /** The share that the customer proposed. */
  proposal: Share | null;
}

export interface Monitor {
  id: number;
  name: string;
  width: number;
  height: number;
}

export interface App {
  id: string;
  name: string;
  titles: string[];
  /** A PNG in base64; "" for none. */
  icon: string;
  /** Controlling it amounts to controlling the computer. */
  powerful: boolean;
}

/** The available choices. */
export interface Choices {
  monitors: Monitor[];
  apps: App[];
  whole: boolean;
}

export interface Snapshot {
  seq: number;
  lang: Language;
  gateway: string;
  phase: PanelPhase;
  error: { code: string; message: string; retryAfter: number } | null;
  number: string;
  advisor: { name: string; company: string } | null;
  compare: string;
  /** The weakest line in use; "" if there is none. */
  line: LineKind | "";
  direction: DirectionName;
  rights: Rights;
  paused: boolean;
  /** The customer is using the mouse or keyboard, so remote input waits. */
  hands: boolean;
  /** What the system hides from all programs; meanwhile remote input waits. */
  notice: "" | NoticeName;
  question: Question | null;
  choices: Choices | null;
  /** The current share, or the latest choice; null for old programs. */
  share: Share | null;
  viewers: Viewer[];
  answer: Answer;
  reason: string;
  key: string;
  /** The session's record as plain text, at the end. */
  record: string;
  /** Requests about which the customer does not want to be asked. */
  silenced: Wish[];
  /** The customer does not want to see the advisor's arrow. */
  pointOff: boolean;
  /** The gateway or the offer may come from anybody: the customer decides whether to connect. */
  confirm: boolean;
  /** A number, or its first four digits, for the field at the beginning. */
  offer: string;
}

const maxChoices = 100;
const maxRecord = 48 * 1024;
const maxIcon = 8 * 1024;

function readQuestion(f: Unchecked<PanelQuestion>): Question {
  return {
    id: text(f["id"], 100),
    right: oneOf(f["right"], [...wishNames, "resume"], "control"),
    seconds: Math.max(0, number(f["seconds"])),
    armed: flag(f["armed"]),
    window: flag(f["window"]),
    proposal: readShare(f["proposal"]),
  };
}

/** The value if it is base64 that begins like a PNG, else "". */
function readIcon(value: unknown): string {
  if (typeof value !== "string" || value.length > maxIcon) return "";
  return /^iVBORw0KGgo[A-Za-z0-9+/]*={0,2}$/.test(value) ? value : "";
}

function readChoices(f: Unchecked<PanelChoices>): Choices {
  return {
    whole: flag(f["whole"]),
    monitors: list(f["monitors"], maxChoices)
      .map((item) => asFields<PanelMonitorChoice>(item) ?? {})
      .map((m) => ({
        id: number(m["id"]),
        name: text(m["name"], 60),
        width: number(m["width"]),
        height: number(m["height"]),
      })),
    apps: list(f["apps"], maxChoices)
      .map((item) => asFields<PanelAppChoice>(item) ?? {})
      .map((a) => ({
        id: text(a["id"], 100),
        name: text(a["name"], 60),
        titles: list(a["titles"], 8).map((t) => text(t, 80)),
        icon: readIcon(a["icon"]),
        powerful: flag(a["powerful"]),
      })),
  };
}

/** Plain text of several lines, without control sequences for terminals. */
function lines(value: unknown): string {
  if (typeof value !== "string") return "";
  return value
    .slice(0, maxRecord)
    .split("\n")
    .map((line) => text(line, 1000))
    .join("\n");
}

/** Reads a state message; null for anything else. */
export function readSnapshot(data: unknown): Snapshot | null {
  const f = parseFields<PanelSnapshot>(data, maxMessage);
  if (!f || f["type"] !== "state") return null;
  const error = asFields<PanelFailure>(f["error"]);
  const advisor = asFields<Person>(f["advisor"]);
  const question = asFields<PanelQuestion>(f["question"]);
  const choices = asFields<PanelChoices>(f["choices"]);
  return {
    seq: number(f["seq"]),
    lang: oneOf(f["lang"], languages, languages[0]),
    gateway: text(f["gateway"], 270), // in full: its end identifies the owner
    phase: oneOf(f["phase"], panelPhases, "connecting"),
    error: error && {
      code: text(error["code"], 20),
      message: text(error["message"], 401),
      retryAfter: number(error["retry_after"]),
    },
    number: text(f["number"], 20),
    advisor: advisor && {
      name: text(advisor["display"], 80) || text(advisor["name"], 80),
      company: text(advisor["company"], 80),
    },
    compare: text(f["compare"], 4),
    // Never call a line sealed unless it is known to be.
    line: oneOf(f["line"], [...lineNames, ""], ""),
    direction: oneOf(f["direction"], directionNames, "none"),
    rights: readRights(f["rights"]),
    paused: flag(f["paused"]),
    hands: flag(f["hands"]),
    notice: oneOf(f["notice"], ["", ...noticeNames], ""),
    question: question && readQuestion(question),
    choices: choices && readChoices(choices),
    share: readShare(f["share"]),
    viewers: readViewers(f["viewers"]),
    answer: readAnswer(f["answer"]),
    reason: text(f["reason"], 20),
    key: text(f["key"], 10),
    record: lines(f["record"]),
    pointOff: list(f["silenced"], wishNames.length + 1).includes("point"),
    silenced: list(f["silenced"], wishNames.length + 1).flatMap((r) => wishNames.find((w) => w === r) ?? []),
    confirm: flag(f["confirm"]),
    offer: text(f["offer"], 20),
  };
}
