// Keys that the browser or the advisor's own system would keep. F12 is the
// customer's and is not offered.

export interface Combination {
  id: string;
  label: string;
  keys: { keysym: number; code: string }[] | "ctrl-alt-del";
}

const alt = { keysym: 0xffe9, code: "AltLeft" };

export const combinations: Combination[] = [
  { id: "ctrl-alt-del", label: "Ctrl+Alt+Del", keys: "ctrl-alt-del" },
  { id: "win", label: "Win", keys: [{ keysym: 0xffeb, code: "MetaLeft" }] },
  { id: "alt-tab", label: "Alt+Tab", keys: [alt, { keysym: 0xff09, code: "Tab" }] },
  { id: "alt-f4", label: "Alt+F4", keys: [alt, { keysym: 0xffc1, code: "F4" }] },
  { id: "print", label: "Print", keys: [{ keysym: 0xff61, code: "PrintScreen" }] },
];
