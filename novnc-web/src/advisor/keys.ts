// Key combinations that the browser or the advisor's own system would intercept. F12 belongs to the
// customer and is not offered.

import { keysym } from "../protocol_gen.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";

export interface Combination {
  id: string;
  /** The key of its label in the table of texts. */
  name: keyof AdvisorTexts["tools"]["key"];
  keys: { keysym: number; code: string }[] | "ctrl-alt-del";
}

const alt = { keysym: keysym.altL, code: "AltLeft" };

export const combinations: Combination[] = [
  { id: "ctrl-alt-del", name: "ctrlAltDel", keys: "ctrl-alt-del" },
  { id: "win", name: "win", keys: [{ keysym: keysym.superL, code: "MetaLeft" }] },
  { id: "alt-tab", name: "altTab", keys: [alt, { keysym: keysym.tab, code: "Tab" }] },
  { id: "alt-f4", name: "altF4", keys: [alt, { keysym: keysym.f4, code: "F4" }] },
  { id: "print", name: "print", keys: [{ keysym: keysym.print, code: "PrintScreen" }] },
];
