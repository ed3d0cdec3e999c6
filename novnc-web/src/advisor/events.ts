import { shortName } from "../common/shortname.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import type { ControlEvent } from "./control.ts";
import type { FileEvent } from "./files.ts";
import type { SessionEvent } from "./session.ts";

/** How many characters of a file's name are in a sentence. */
const nameLength = 48;

/** Describes an event in a sentence. */
export function eventWords(event: SessionEvent, t: AdvisorTexts): string {
  if ("film" in event) return t.recording.result[event.film](shortName(event.name, nameLength));
  return "file" in event ? fileWords(event, t) : rightWords(event, t);
}

function fileWords(event: FileEvent, t: AdvisorTexts): string {
  const short = shortName(event.name, nameLength);
  switch (event.file) {
    case "notSaved":
      return t.files.event.notSaved(short, t.files.notSaved[event.why]);
    case "accepted":
    case "sending":
    case "paused":
    case "done":
    case "given":
    case "receiving":
    case "saved":
      return t.files.event[event.file](short);
    default:
      return t.files.event.ended(short, t.files.ended[event.file]);
  }
}

function rightWords({ event, right, by, seconds }: ControlEvent, t: AdvisorTexts): string {
  if (right === "point")
    // The customer's switch; nobody asks about it.
    return event === "given" ? t.event.given(right) : event === "taken" ? t.event.taken(right) : "";
  const auto = by === "auto";
  switch (event) {
    case "given":
      return auto ? t.event.givenAuto(right) : t.event.given(right);
    case "refused":
      return auto ? t.event.refusedAuto(right) : t.event.refused(right);
    case "taken":
      return by === "key" && right === "control" ? t.event.takenKey : t.event.taken(right);
    case "asked":
      return ""; // shown as long as the question is open
    case "delayed":
      return t.event.delayed(right, seconds);
    case "timeout":
      return t.event.timeout(right);
    case "returned":
      return t.event.returned(right);
  }
}
