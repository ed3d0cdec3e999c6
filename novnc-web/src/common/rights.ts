import {
  answerNames,
  lineNames,
  rightNames,
  wishNames,
  type AnswerName,
  type LineName,
  type RightName,
  type Rights as SentRights,
  type Viewer as SentViewer,
  type WishName,
} from "../protocol_gen.ts";
import { asFields, flag, list, oneOf, text } from "./fields.ts";

// Shared by PROTOCOL.md, section 6, and PANEL.md.

export { lineNames, rightNames, wishNames };
export type Right = RightName;
/** What the advisor can ask for: `share` asks to see more. */
export type Wish = WishName;
export type Rights = Record<Right, boolean>;
export type Answer = "" | AnswerName;

/**
 * How a viewer's line is encrypted: end to end, up to the advisor's computer, or up to the gateway.
 */
export type LineKind = LineName;

export interface Viewer {
  door: string;
  line: LineKind;
  from: string;
  /** Four digits of the exchange that its stream goes back to; "" if the gateway opens the seal. */
  code: string;
  /** The account of the colleague who sees it; "" for the advisor. */
  who: string;
}

export const noRights: Rights = { view: false, control: false, clipboard: false, show: false, point: false, record: false };

export function readRights(value: unknown): Rights {
  const f = asFields<SentRights>(value) ?? {};
  return {
    view: flag(f["view"]),
    control: flag(f["control"]),
    clipboard: flag(f["clipboard"]),
    show: flag(f["show"]),
    point: flag(f["point"]),
    record: flag(f["record"]),
  };
}

export function readAnswer(value: unknown): Answer {
  return oneOf(value, ["", ...answerNames], "");
}

export function readViewers(value: unknown): Viewer[] {
  return list(value, 16).map((item) => {
    const f = asFields<SentViewer>(item) ?? {};
    // Never call a line sealed unless it is known to be.
    const line = oneOf(f["line"], lineNames, "gateway");
    return { door: text(f["door"], 20), line, from: text(f["from"], 60), code: text(f["code"], 4), who: text(f["who"], 80) };
  });
}
