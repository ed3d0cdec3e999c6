import type { CommonTexts } from "../texts_gen/common.ts";
import { sharePart, type Share, type SharePart } from "../common/shares.ts";
import type { Snapshot } from "./snapshot.ts";

/** A longer name would push the rest of a sentence out of its place. In characters. */
const maxName = 32;

/** The advisor's name for a sentence. The details have it in full. */
export function advisorIn(s: Snapshot, common: CommonTexts): string {
  return cut(s.advisor?.name || common.yourAdvisor);
}

/** The name of the advisor who controls, or may ask for it, for a sentence. */
export function controllerIn(s: Snapshot, common: CommonTexts): string {
  return s.holder ? cut(s.holder.name) : advisorIn(s, common);
}

/** What a share contains, for a sentence. */
export function shareIn(share: Share | null): [kind: SharePart, names: string] {
  const [kind, names] = sharePart(share);
  return [kind, cut(names)];
}

export function cut(words: string): string {
  const letters = [...words];
  return letters.length > maxName ? letters.slice(0, maxName - 1).join("") + "…" : words;
}
