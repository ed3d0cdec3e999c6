// PANEL.md: the agent's state of the session, checked and bounded.

import { asFields, flag, list, matching, number, oneOf, parseFields, text } from "../common/fields.ts";
import { plainLine } from "../common/plainline.ts";
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
import { readColleagues, readMay, readWho, type Colleague, type Who } from "../common/colleagues.ts";
import { readShare, type Share } from "../common/shares.ts";
import {
  directionNames,
  fileKinds,
  maxCustomerQuestion,
  maxFileName,
  maxFiles,
  maxTermsVersion,
  noticeNames,
  panelFileEnds,
  panelFileStates,
  panelPhases,
  type AskColleague,
  type ColleagueMay,
  type DirectionName,
  type FileKind,
  type NoticeName,
  type OfferedFile as SentFile,
  type PanelAppChoice,
  type PanelChoices,
  type PanelFailure,
  type PanelFileEnd,
  type PanelFileState,
  type PanelMonitorChoice,
  type PanelPhase,
  type PanelQuestion,
  type PanelRecording,
  type PanelSnapshot,
  type PanelSurvey,
  type PanelTermsAsked,
  type Person,
  type Unchecked,
} from "../protocol_gen.ts";
import { languages, type Language } from "../texts_gen/languages.ts";
import type { SavedRecord } from "../record/files.ts";

const maxMessage = 4 * 1024 * 1024;

export type { PanelPhase };

/** What a question can be about. Files are offered, not asked for. */
export const askedNames = [...wishNames, "files", "colleague"] as const;
export type Asked = Wish | "files" | "colleague";

export interface Question {
  id: string;
  /** `resume`: whether a paused view continues. */
  right: Asked | "resume";
  seconds: number;
  armed: boolean;
  /** The program asks in its own window; this page can only refuse. */
  window: boolean;
  /** The share that the customer proposed. */
  proposal: Share | null;
  /** The file that is offered or given, with the right `files`. */
  file: OfferedFile | null;
  /** The one who would join, with the right `colleague`. */
  colleague: (Who & { may: ColleagueMay }) | null;
  /** The colleague who asks; null: the advisor. */
  by: Who | null;
}

/** A file that the advisor offers, or that the customer gives. */
export interface OfferedFile {
  id: string;
  /** The customer gives it to the advisor. */
  given: boolean;
  name: string;
  size: number; // in bytes
  kind: FileKind;
  state: PanelFileState;
  /** Why it has ended; "" for another reason, or if it has not. */
  why: PanelFileEnd | "";
  /** How many bytes the browser has taken; of a given file, the advisor. */
  taken: number;
  /** The part of the address at which it can be saved; "" if it cannot. */
  key: string;
  /** In hexadecimal; "" if it is not known. */
  sha256: string;
}

/** A recording of what the advisor sees. */
export interface Recording {
  running: boolean;
  /** The customer holds it. */
  held: boolean;
  /** The part of the address at which the same recording can be saved; "" if it cannot. */
  key: string;
  /** It became too large to be kept for the customer. */
  lost: boolean;
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
  error: { code: string; message: string; retryAfter: number; terms: Terms | null } | null;
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
  /** Further advisors whom the customer has admitted. */
  colleagues: Colleague[];
  /** The colleague who has control, or may ask for it; null: the advisor. */
  holder: Colleague | null;
  answer: Answer;
  reason: string;
  key: string;
  /** The session's record, as text and as JSON lines, at the end. */
  record: SavedRecord;
  /** The operator's question at the end. */
  survey: Survey | null;
  /** Requests about which the customer does not want to be asked. */
  silenced: Asked[];
  /** What the advisor has offered and the customer gives, oldest first. */
  files: OfferedFile[];
  /** What the advisor records, or has recorded; null if nothing was recorded. */
  recording: Recording | null;
  /** The customer does not want to see the advisor's arrow. */
  pointOff: boolean;
  /** The gateway or the offer may come from anybody: the customer decides whether to connect. */
  confirm: boolean;
  /** A number, or its first four digits, for the field at the beginning. */
  offer: string;
}

/** Terms that the customer must accept before he joins, and where their text is. */
export interface Terms {
  version: string;
  address: string;
}

/** A question of the operator, and where it can be answered. */
export interface Survey {
  question: string;
  address: string;
}

const maxChoices = 100;
const maxRecord = 1024 * 1024;
const maxIcon = 8 * 1024;
/** The agent keeps as many of those that are offered, and of those that are given. */
const maxShownFiles = 2 * maxFiles;

/** The form of the part of an address at which something can be saved. */
const downloadKey = /^[A-Za-z0-9_-]{43}$/;

/** The form of a file's ID. */
export const fileId = /^[A-Za-z0-9_-]{1,100}$/;

function readQuestion(f: Unchecked<PanelQuestion>): Question {
  return {
    id: text(f["id"], 100),
    right: oneOf(f["right"], [...askedNames, "resume"], "control"),
    seconds: Math.max(0, number(f["seconds"])),
    armed: flag(f["armed"]),
    window: flag(f["window"]),
    proposal: readShare(f["proposal"]),
    file: readFile(f["file"]),
    colleague: readAskedColleague(f["colleague"]),
    by: readWho(f["by"]),
  };
}

function readAskedColleague(value: unknown): Question["colleague"] {
  const f = asFields<AskColleague>(value);
  const who = readWho(f?.["who"]);
  return f && who && { ...who, may: readMay(f["for"]) };
}

/** Reads a file; null if it cannot be shown as what it is. */
function readFile(value: unknown): OfferedFile | null {
  const f = asFields<SentFile>(value);
  const id = matching(f?.["id"], fileId);
  const name = plainLine(text(f?.["name"], maxFileName));
  const size = count(f?.["size"]);
  const state = oneOf(f?.["state"], [...panelFileStates, ""], "");
  if (!f || id === "" || name === "" || size === null || state === "") return null;
  const given = flag(f["given"]);
  return {
    id,
    given,
    name,
    size,
    // Never call a file harmless unless it is known to be.
    kind: oneOf(f["kind"], fileKinds, "program"),
    state,
    why: state === "ended" ? oneOf(f["why"], [...panelFileEnds, ""], "") : "",
    taken: Math.min(size, count(f["taken"]) ?? 0),
    key: state === "accepted" && !given ? matching(f["key"], downloadKey) : "",
    sha256: matching(f["sha256"], /^[0-9a-f]{64}$/),
  };
}

function readRecording(f: Unchecked<PanelRecording>): Recording {
  return { running: flag(f["running"]), held: flag(f["held"]), key: matching(f["key"], downloadKey), lost: flag(f["lost"]) };
}

/** The files of a list, without those that cannot be shown and without a second one of an ID. */
function readFiles(value: unknown): OfferedFile[] {
  const files = new Map<string, OfferedFile>();
  const room = { offered: maxShownFiles, given: maxShownFiles };
  for (const item of list(value, 2 * maxShownFiles)) {
    const file = readFile(item);
    if (file && !files.has(file.id) && room[file.given ? "given" : "offered"]-- > 0) files.set(file.id, file);
  }
  return [...files.values()];
}

/** The value if it can be a number of bytes, else null. */
function count(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
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

/** An address that a link may lead to; "" for any other text. */
function webAddress(value: unknown): string {
  return matching(value, /^https:\/\/[^\s"'<>]{1,1000}$/);
}

function readTerms(value: unknown): Terms | null {
  const f = asFields<PanelTermsAsked>(value);
  const terms = { version: text(f?.["version"], maxTermsVersion), address: webAddress(f?.["address"]) };
  return terms.version && terms.address ? terms : null;
}

function readSurvey(value: unknown): Survey | null {
  const f = asFields<PanelSurvey>(value);
  const survey = { question: text(f?.["question"], maxCustomerQuestion), address: webAddress(f?.["address"]) };
  return survey.question && survey.address ? survey : null;
}

/** Reads a state message; null for anything else. */
export function readSnapshot(data: unknown): Snapshot | null {
  const f = parseFields<PanelSnapshot>(data, maxMessage);
  if (!f || f["type"] !== "state") return null;
  const error = asFields<PanelFailure>(f["error"]);
  const advisor = asFields<Person>(f["advisor"]);
  const question = asFields<PanelQuestion>(f["question"]);
  const choices = asFields<PanelChoices>(f["choices"]);
  const recording = asFields<PanelRecording>(f["recording"]);
  const colleagues = readColleagues(f["colleagues"]);
  return {
    seq: number(f["seq"]),
    lang: oneOf(f["lang"], languages, languages[0]),
    gateway: text(f["gateway"], 270), // in full: its end identifies the owner
    phase: oneOf(f["phase"], panelPhases, "connecting"),
    error: error && {
      code: text(error["code"], 20),
      message: text(error["message"], 401),
      retryAfter: number(error["retry_after"]),
      terms: readTerms(error["terms"]),
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
    colleagues,
    holder: colleagues.find((c) => c.account === f["holder"]) ?? null,
    answer: readAnswer(f["answer"]),
    reason: text(f["reason"], 20),
    key: text(f["key"], 10),
    record: { text: lines(f["record"]), json: typeof f["recordJSON"] === "string" ? f["recordJSON"].slice(0, maxRecord) : "" },
    survey: readSurvey(f["survey"]),
    pointOff: list(f["silenced"], askedNames.length + 1).includes("point"),
    silenced: list(f["silenced"], askedNames.length + 1).flatMap((r) => askedNames.find((w) => w === r) ?? []),
    files: readFiles(f["files"]),
    recording: recording && readRecording(recording),
    confirm: flag(f["confirm"]),
    offer: text(f["offer"], 20),
  };
}
