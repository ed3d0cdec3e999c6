import { asFields, list, number, oneOf, text, time } from "../common/fields.ts";
import { plainLine } from "../common/plainline.ts";
import { sizeText } from "../common/sizes.ts";
import type { CommonTexts } from "../texts_gen/common.ts";
import type { RecordTexts } from "../texts_gen/record.ts";
import { noteLines, type ReadEntry, type RecordLog } from "./log.ts";

const maxWords = 1000;

const clean = (value: unknown) => plainLine(text(value, maxWords));

/** The words for people, and those of file sizes. */
export interface RecordWords {
  record: RecordTexts;
  common: CommonTexts;
}

/** The record as people read it, with local times. It ends with the hash and the note. */
export function recordText(log: RecordLog, note: string, words: RecordWords): string {
  const t = words.record;
  const lines = [t.title];
  for (const e of log.entries) {
    if (e.event === "begin") {
      lines.push(t.gateway(clean(e["gateway"])));
      const who = named(e["who"]);
      if (who) lines.push(t.advisor(who));
      lines.push("");
    } else lines.push(`${day(entryTime(e))}  ${entryWords(e, words)}`);
  }
  lines.push("");
  lines.push(t.hash(log.length, log.sha256()), log.complete ? t.same : t.incomplete);
  const own = noteLines(note);
  if (own.length > 0) lines.push("", t.note, ...own);
  return lines.map((line) => line + "\n").join("");
}

/** When it happened. */
export function entryTime(e: ReadEntry): Date {
  return time(e["time"]) ?? new Date(0);
}

function day(at: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** An advisor's name and company. */
function named(value: unknown): string {
  const f = asFields(value) ?? {};
  return [clean(f["display"]) || clean(f["name"]), clean(f["company"])].filter(Boolean).join(", ");
}

const rights = ["view", "control", "clipboard", "show", "share", "point", "record"] as const;

/** What an entry says, without its time. */
export function entryWords(e: ReadEntry, { record: t, common }: RecordWords): string {
  const what = t.right(oneOf(e["right"], rights, "other"));
  const who = t.by(oneOf(e["by"], ["customer", "advisor", "key"], "other"));
  const person = asFields(e["who"]);
  const terms = asFields(e["terms"]);
  switch (e.event) {
    case "joined":
      return t.joined(clean(e["code"]));
    case "terms":
      if (terms) return t.terms(clean(terms["version"]), clean(terms["sha256"]));
      break;
    case "customer":
      if (person) return t.customer(clean(person["user"]), clean(person["host"]), clean(person["system"]));
      break;
    case "shown":
      return t.shown(shareWords(e["share"], t));
    case "asked":
      return t.asked(what);
    case "given":
      return t.allowed(who, what);
    case "refused":
      return t.refused(who, what);
    case "timeout":
      return t.silence(what);
    case "taken":
      return t.taken(who, what);
    case "returned":
      return t.returned(who, what);
    case "fileAccepted":
    case "fileSaved":
    case "fileNotSaved":
      return fileWords(e.event, e["file"], t, common);
    case "recordingHeld":
      return t.held;
    case "recordingContinued":
      return t.continued;
    case "recording": {
      const f = asFields(e["recording"]);
      if (f) return t.recording(sizeText(number(f["size"]), common), f["advisorSignature"] ? "both" : "other");
      break;
    }
    case "colleagueAsked":
      return t.colleagueAsked(named(e["who"]), oneOf(e["for"], ["see", "point"], "other"));
    case "colleagueAllowed":
    case "colleagueCame":
    case "controlPassed":
    case "sessionPassed":
      return t[e.event](named(e["who"]));
    case "colleagueRefused":
      return t.colleagueRefused(oneOf(e["why"], ["silence"], "other"), named(e["who"]));
    case "colleagueLeft":
      return t.colleagueLeft(named(e["who"]), oneOf(e["why"], ["late", "burnt", "removed"], "other"));
    case "away":
    case "back":
    case "paused":
    case "resumed":
      return t[e.event];
    case "leftOut":
      return t.more(number(e["count"]));
    case "over":
      return t.over(oneOf(e["reason"], ["advisor", "customer", "expired", "burnt", "lost", "shutdown"], "other"));
  }
  return t.other(clean(e.event));
}

function shareWords(value: unknown, t: RecordTexts): string {
  const f = asFields(value) ?? {};
  const names = clean(list(f["names"], 100).map(clean).join(", "));
  if (f["kind"] === "apps") return names ? t.share.apps(names) : t.share.some;
  return f["kind"] === "monitor" ? t.share.monitor(names) : t.share.screen;
}

function fileWords(
  event: "fileAccepted" | "fileSaved" | "fileNotSaved",
  value: unknown,
  t: RecordTexts,
  common: CommonTexts,
): string {
  const f = asFields(value) ?? {};
  const name = clean(f["name"]);
  const size = sizeText(number(f["size"]), common);
  const given = f["to"] === "advisor";
  switch (event) {
    case "fileAccepted":
      return given ? t.fileGiven(name, size) : t.fileAccepted(name, size);
    case "fileSaved":
      return given ? t.fileTaken(name, size, clean(f["sha256"])) : t.fileDone(name, size, clean(f["sha256"]));
    case "fileNotSaved":
      if (given) return t.fileNotTaken(name, size);
      return t.fileEnded(
        oneOf(f["why"], ["refused", "silence", "cancelled", "withdrawn", "damaged", "lost", "unwritable"], "other"),
        name,
        size,
      );
  }
}
