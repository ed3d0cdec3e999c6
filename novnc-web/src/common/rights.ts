import { asFields, flag, list, oneOf, text } from "./fields.ts";

// PROTOCOL.md, section 6, and PANEL.md share these.

export const rightNames = ["view", "control", "clipboard", "show"] as const;
export type Right = (typeof rightNames)[number];
/** What can be asked for: `share` is the wish to see more, `files` is reserved and always refused. */
export const wishNames = [...rightNames, "files", "share"] as const;
export type Wish = (typeof wishNames)[number];
export type Rights = Record<Right, boolean>;
export type Answer = "" | "view" | "control" | "deny";

export interface Viewer {
  door: string;
  line: "sealed" | "gateway";
  from: string;
}

export const noRights: Rights = { view: false, control: false, clipboard: false, show: false };

export function readRights(value: unknown): Rights {
  const f = asFields(value) ?? {};
  return { view: flag(f["view"]), control: flag(f["control"]), clipboard: flag(f["clipboard"]), show: flag(f["show"]) };
}

export function readAnswer(value: unknown): Answer {
  return oneOf(value, ["", "view", "control", "deny"], "");
}

export function readViewers(value: unknown): Viewer[] {
  return list(value, 16).map((item) => {
    const f = asFields(item) ?? {};
    // A line that is not known to be sealed is never called so.
    return { door: text(f["door"], 20), line: oneOf(f["line"], ["sealed", "gateway"], "gateway"), from: text(f["from"], 60) };
  });
}
