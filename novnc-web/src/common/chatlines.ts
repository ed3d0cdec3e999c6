// The chat's lines on one page: tunnel/PROTOCOL.md, section 6, and agent/PANEL.md.

import {
  chatRefusals,
  chatSides,
  maxChatLines,
  maxChatText,
  type ChatLine,
  type ChatRefusal,
  type ChatRefused,
  type ChatSide,
  type Unchecked,
} from "../protocol_gen.ts";
import { asFields, number, oneOf, text, time } from "./fields.ts";

/** A line that was received. */
export interface Line {
  id: number;
  by: ChatSide;
  /** When the agent accepted it; null if it did not say so. */
  time: Date | null;
  text: string;
  /** That of the page's own line; 0 otherwise. */
  tag: number;
  /** The advisor who has written it, if that is another one than the page's own; "" otherwise. */
  who: string;
}

/** What survives a reload of the page. */
export interface KeptChat {
  /** The text that was typed and not sent. */
  draft: string;
  /** The id of the last line of the other side that was seen. */
  seen: number;
}

/** Why a text was not sent. `lost`: the connection ended before the agent answered. */
export type ChatTrouble = ChatRefusal | "lost";

/** Passes a text on. Returns false if there is no connection. */
export type PassOn = (text: string, tag: number) => boolean;

const maxTag = 2 ** 32 - 1;

/** Reads a line; null if it cannot be shown. */
export function readChatLine(f: Unchecked<ChatLine>): Line | null {
  const id = f["id"];
  const by = oneOf(f["by"], [...chatSides, ""], "");
  const words = text(f["text"], maxChatText);
  if (!Number.isSafeInteger(id) || (id as number) < 1 || by === "" || words.trim() === "") return null;
  return { id: id as number, by, time: time(f["time"]), text: words, tag: readTag(f["tag"]), who: text(f["who"], 100) };
}

export function readChatRefused(f: Unchecked<ChatRefused>): { tag: number; why: ChatRefusal } {
  return { tag: readTag(f["tag"]), why: oneOf(f["why"], chatRefusals, "nobody") };
}

/** Reads what was kept; what is missing is that of a new session. */
export function readKeptChat(value: unknown): KeptChat {
  const f = asFields<KeptChat>(value);
  return { draft: text(f?.["draft"], 2 * maxChatText), seen: number(f?.["seen"]) };
}

/** Reads a tag; 0 if it is none. */
export function readTag(value: unknown): number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= maxTag ? (value as number) : 0;
}

/** The chat of one session as one side's page has it. */
export class ChatModel {
  /** The latest lines, oldest first. */
  lines: Line[] = [];
  draft: string;
  /** Why the draft is still there after it was sent; "" if nothing is wrong. */
  trouble: ChatTrouble | "" = "";
  changed: () => void = () => {};

  private lastSeen: number;
  /** The text that was sent last, until its line arrives. */
  private sent: { tag: number; text: string } | null = null;
  private waiting = false;

  constructor(
    readonly side: ChatSide,
    kept: KeptChat = { draft: "", seen: 0 },
    private readonly keep: (kept: KeptChat) => void = () => {},
  ) {
    this.draft = kept.draft;
    this.lastSeen = kept.seen;
  }

  /** Whether this side has written it: another advisor is another side. */
  isOwn(line: Line): boolean {
    return line.by === this.side && (this.side === "customer" || line.who === "");
  }

  /** The number of lines of the other side that were not seen. */
  get unread(): number {
    return this.lines.filter((l) => !this.isOwn(l) && l.id > this.lastSeen).length;
  }

  /** Lines of the other side are there, and none was ever seen. */
  get isNew(): boolean {
    return this.lastSeen === 0 && this.unread > 0;
  }

  /** Called when a person changed the draft. */
  type(draft: string): void {
    this.draft = draft;
    this.store();
    if (this.trouble === "") return;
    this.trouble = "";
    this.changed();
  }

  /** Sends the draft. It stays in the field until its line arrives. */
  send(pass: PassOn): void {
    if (this.waiting) return;
    if ([...this.draft].length > maxChatText) return this.fail("long");
    if (this.draft.trim() === "") return;
    this.trouble = "";
    this.sent = { tag: drawTag(), text: this.draft };
    this.waiting = true; // before the agent can answer
    if (!pass(this.sent.text, this.sent.tag)) return this.lost();
    this.changed();
  }

  /** Called with each line that arrives. A line that arrives again changes nothing. */
  take(line: Line): void {
    if (line.id <= (this.lines.at(-1)?.id ?? 0)) return;
    this.lines = [...this.lines, line].slice(-maxChatLines);
    if (this.sent && line.by === this.side && line.tag === this.sent.tag) this.arrived(this.sent.text);
    this.changed();
  }

  /** Called when the agent did not accept the text with this tag. */
  refused({ tag, why }: { tag: number; why: ChatRefusal }): void {
    if (!this.waiting || tag !== this.sent?.tag) return;
    this.sent = null;
    this.fail(why);
  }

  /** Called when the connection ended. If the text was accepted, its line comes later. */
  lost(): void {
    if (this.waiting) this.fail("lost");
  }

  /** Called when a person sees all lines. */
  see(): void {
    const last = this.lines.findLast((l) => !this.isOwn(l))?.id ?? 0;
    if (last <= this.lastSeen) return;
    this.lastSeen = last;
    this.store();
  }

  /** Forgets everything, before another session. */
  clear(): void {
    this.lines = [];
    this.draft = "";
    this.trouble = "";
    this.lastSeen = 0;
    this.sent = null;
    this.waiting = false;
    this.store();
  }

  private arrived(words: string): void {
    this.sent = null;
    this.waiting = false;
    this.trouble = "";
    // Somebody may have typed on meanwhile.
    if (this.draft.startsWith(words)) this.draft = this.draft.slice(words.length).trimStart();
    this.store();
  }

  private fail(trouble: ChatTrouble): void {
    this.waiting = false;
    this.trouble = trouble;
    this.changed();
  }

  private store(): void {
    this.keep({ draft: this.draft, seen: this.lastSeen });
  }
}

function drawTag(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] || 1;
}
