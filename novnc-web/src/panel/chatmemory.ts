import { readKeptChat, type KeptChat } from "../common/chatlines.ts";
import { parseFields } from "../common/fields.ts";

const key = "lotse-panel-chat";

/** What a reload of the panel must not lose. */
export function keptChat(): KeptChat {
  return readKeptChat(parseFields(sessionStorage.getItem(key) ?? "", 64 * 1024));
}

export function keepChat(kept: KeptChat): void {
  if (kept.draft === "" && kept.seen === 0) sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, JSON.stringify(kept));
}
