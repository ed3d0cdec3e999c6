// The data that the page needs to resume its sessions after a reload. It is kept in sessionStorage,
// so only for this tab and no longer than the tab exists.

import { readKeptChat, type KeptChat } from "../common/chatlines.ts";
import { asFields, flag, list, parseFields, text } from "../common/fields.ts";
import { parseNumber } from "../common/number.ts";
import { TriedNumbers } from "../common/tried.ts";
import { Origin, type KeptOrigin } from "../seal/index.ts";

const key = "lotse-sessions";

export interface Kept {
  number: string;
  /** The exchange that this page's streams go back to; null before the first one. */
  origin: KeptOrigin | null;
  /** The page showed the customer's screen, and does so again after a reload if that is allowed. */
  viewing: boolean;
  chat?: KeptChat;
  /** The session is another advisor's, and this one is a colleague in it. */
  guest?: boolean;
}

/** Remembers wrong tries at the numbers for longer than any session waits. */
export const triedNumbers = () => new TriedNumbers("lotse-tried-advisor", 12 * 60 * 60 * 1000);

export function keptSessions(): Kept[] {
  const stored = parseFields(sessionStorage.getItem(key) ?? "", 512 * 1024);
  return list(stored?.["sessions"], 50)
    .map((item) => asFields(item) ?? {})
    .map((f) => ({
      number: parseNumber(text(f["number"], 20)),
      origin: readOrigin(f["origin"]),
      viewing: flag(f["viewing"]),
      chat: readKeptChat(f["chat"]),
      guest: flag(f["guest"]),
    }))
    .filter((kept) => kept.number !== "");
}

function readOrigin(value: unknown): KeptOrigin | null {
  const f = asFields(value);
  const kept = { id: text(f?.["id"], 64), secret: text(f?.["secret"], 64), compare: text(f?.["compare"], 4) };
  return Origin.from(kept) && kept;
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

const viewKey = "lotse-view";

/** How this advisor likes the picture; kept in this browser. */
export interface ViewSettings {
  fit: boolean;
  quality: string;
}

export function keptViewSettings(): ViewSettings | null {
  const f = parseFields(localStorage.getItem(viewKey) ?? "", 1024);
  return f && { fit: f["fit"] !== false, quality: text(f["quality"], 20) };
}

export function keepViewSettings(settings: ViewSettings): void {
  localStorage.setItem(viewKey, JSON.stringify(settings));
}
