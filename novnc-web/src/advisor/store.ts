// What a reload of the page needs to take its sessions up again. It lives in
// sessionStorage: this tab only, and gone with it.

import { asFields, list, number, parseFields, text } from "../common/fields.ts";
import { parseNumber } from "../common/number.ts";

const key = "lotse-sessions";

export interface Kept {
  number: string;
  tries: number; // wrong ones, so that a reload does not give three more
}

export function keptSessions(): Kept[] {
  const stored = parseFields(sessionStorage.getItem(key) ?? "", 64 * 1024);
  return list(stored?.["sessions"], 50)
    .map((item) => asFields(item) ?? {})
    .map((f) => ({ number: parseNumber(text(f["number"], 20)), tries: number(f["tries"]) }))
    .filter((kept) => kept.number !== "");
}

export function keep(kept: Kept): void {
  write([...keptSessions().filter((k) => k.number !== kept.number), kept]);
}

export function forget(number: string): void {
  write(keptSessions().filter((k) => k.number !== number));
}

export function forgetAll(): void {
  sessionStorage.removeItem(key);
}

function write(sessions: Kept[]): void {
  sessionStorage.setItem(key, JSON.stringify({ sessions }));
}
