// Keys that the browser or the advisor's own system would intercept. F12 belongs to the customer
// and is not offered.

import { keysym } from "../protocol_gen.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";

export interface Key {
  keysym: number;
  /** The name of KeyboardEvent.code. */
  code: string;
}

export interface Combination {
  id: string;
  /** The key of its label in the table of texts. */
  name: keyof AdvisorTexts["tools"]["key"];
  keys: Key[] | "ctrl-alt-del";
}

const ctrl = { keysym: keysym.controlL, code: "ControlLeft" };
const shift = { keysym: keysym.shiftL, code: "ShiftLeft" };
const alt = { keysym: keysym.altL, code: "AltLeft" };
const win = { keysym: keysym.superL, code: "MetaLeft" };
const escape = { keysym: keysym.escape, code: "Escape" };

export const combinations: Combination[] = [
  { id: "ctrl-alt-del", name: "ctrlAltDel", keys: "ctrl-alt-del" },
  { id: "ctrl-shift-esc", name: "ctrlShiftEsc", keys: [ctrl, shift, escape] },
  { id: "win", name: "win", keys: [win] },
  { id: "win-r", name: "winR", keys: [win, { keysym: 0x72, code: "KeyR" }] },
  { id: "alt-tab", name: "altTab", keys: [alt, { keysym: keysym.tab, code: "Tab" }] },
  { id: "alt-f4", name: "altF4", keys: [alt, { keysym: keysym.f4, code: "F4" }] },
  { id: "esc", name: "esc", keys: [escape] },
  { id: "print", name: "print", keys: [{ keysym: keysym.print, code: "PrintScreen" }] },
];

/** Keys that can be held down while others are pressed. */
export const holdable: { id: string; name: keyof AdvisorTexts["tools"]["hold"]; key: Key }[] = [
  { id: "ctrl", name: "ctrl", key: ctrl },
  { id: "alt", name: "alt", key: alt },
  { id: "win", name: "win", key: win },
];
