import { shareKinds, type PanelShare, type ShareKind } from "../protocol_gen.ts";
import { asFields, list, number, oneOf, text } from "./fields.ts";

// PROTOCOL.md, section 6, and PANEL.md share this.

export { shareKinds, type ShareKind };

const maxApps = 64;

/** What the customer lets be seen. */
export interface Share {
  kind: ShareKind;
  /** Which monitor, for that kind. */
  monitor: number;
  /** The chosen applications' ids, for that kind; only the panel knows them. */
  apps: string[];
  /** Of what was chosen, for people. */
  names: string[];
}

/** Reads a share; null when there is none, and for what old programs say. */
export function readShare(value: unknown): Share | null {
  const f = asFields<PanelShare>(value);
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

/** How sentences tell what is shared; `other` is a program without a name. */
export type SharePart = ShareKind | "other";

/**
 * What a sentence about a share needs: its kind and the names in it. Old programs share the whole
 * screen.
 */
export function sharePart(share: Share | null): [kind: SharePart, names: string] {
  if (!share) return ["screen", ""];
  const names = share.names.join(", ");
  return [share.kind === "apps" && names === "" ? "other" : share.kind, names];
}
