import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import type { ControlEvent } from "./control.ts";

/** Describes an event in a sentence. */
export function eventWords({ event, right, by, seconds }: ControlEvent, t: AdvisorTexts): string {
  if (right === "point")
    // The customer's switch; nobody asks about it.
    return event === "given" ? t.event.given(right) : event === "taken" ? t.event.taken(right) : "";
  const what = right === "files" ? "other" : right; // files are reserved
  const auto = by === "auto";
  switch (event) {
    case "given":
      return auto ? t.event.givenAuto(what) : t.event.given(what);
    case "refused":
      return auto ? t.event.refusedAuto(what) : t.event.refused(what);
    case "taken":
      return by === "key" && right === "control" ? t.event.takenKey : t.event.taken(what);
    case "asked":
      return ""; // shown as long as the question is open
    case "delayed":
      return t.event.delayed(what, seconds);
    case "timeout":
      return t.event.timeout(what);
    case "returned":
      return t.event.returned(what);
  }
}
