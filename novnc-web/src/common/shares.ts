import { shareKinds, type PanelSelection, type ShareKind } from "../protocol_gen.ts";
import { asFields, list, number, oneOf, text } from "./fields.ts";

// Shared by PROTOCOL.md, section 6, and PANEL.md.

export { shareKinds, type ShareKind };

const maxApps = 64;

/** What the customer shows. */
export interface Share {
  kind: ShareKind;
  /** The monitor's number, for the kind "monitor". */
  monitor: number;
  /** The ids of the chosen applications, for the kind "apps"; only the panel knows them. */
  apps: string[];
  /** The names of what was chosen, for people. */
  names: string[];
}

/** Reads a share; null if there is none, and for values of old programs. */
export function readShare(value: unknown): Share | null {
  const f = asFields<PanelSelection>(value);
  const kind = oneOf(f?.["kind"], [...shareKinds, ""], "");
  if (!f || kind === "") return null;
  return {
    kind,
    monitor: number(f["monitor"]),
    apps: list(f["apps"], maxApps).map((id) => text(id, 100)),
    names: list(f["names"], maxApps)
      .map((n) => text(n, 80))
      .filter(Boolean),
  };
}

/** How a sentence describes the share; `other` is a program without a name. */
export type SharePart = ShareKind | "other";

/** The kind and names that a sentence about a share needs. Old programs share the whole screen. */
export function sharePart(share: Share | null): [kind: SharePart, names: string] {
  if (!share) return ["screen", ""];
  const names = share.names.join(", ");
  return [share.kind === "apps" && names === "" ? "other" : share.kind, names];
}
