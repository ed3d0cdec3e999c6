// PROTOCOL.md, section 6: the agent's part of the chat; the Go package agent/chat does the same.

import { plainLine } from "../../common/plainline.ts";
import {
  chatPause,
  maxChatBurst,
  maxChatLines,
  maxChatText,
  type ChatLine,
  type ChatRefusal,
  type ChatSide,
} from "../../protocol_gen.ts";

export interface AcceptedLine extends ChatLine {
  by: ChatSide;
  tag: number;
}

/** The lines that both sides have written. */
export class AcceptedLines {
  /** The latest lines, oldest first. */
  latest: readonly AcceptedLine[] = [];
  private last = 0;
  private readonly budgets: Record<ChatSide, Budget>;

  constructor(private readonly now: () => number = Date.now) {
    this.budgets = { advisor: new Budget(now()), customer: new Budget(now()) };
  }

  /** Adds a line that `by` has written, and returns it, or says why it was not accepted. */
  add(by: ChatSide, words: string, tag: number): AcceptedLine | ChatRefusal {
    if ([...words].length > maxChatText) return "long";
    const text = plainLine(words);
    if (text === "") return "empty";
    if (!this.budgets[by].spend(this.now())) return "rate";
    const time = new Date(this.now()).toISOString();
    const line = { id: ++this.last, by, time, text, tag };
    this.latest = [...this.latest, line].slice(-maxChatLines);
    return line;
  }
}

/** A line for advisors: the tag of the customer's page means nothing to them. */
export function forAdvisors({ tag, ...line }: AcceptedLine): ChatLine {
  return line.by === "advisor" && tag > 0 ? { ...line, tag } : line;
}

/** Limits how many lines one side writes: maxChatBurst at once, then one each chatPause. */
class Budget {
  private left = maxChatBurst;

  /** `at` is when `left` was last raised. */
  constructor(private at: number) {}

  /** Takes one line. Returns false if none is left. */
  spend(now: number): boolean {
    const earned = Math.max(0, Math.floor((now - this.at) / chatPause));
    if (this.left + earned >= maxChatBurst) {
      this.left = maxChatBurst;
      this.at = now;
    } else {
      this.left += earned;
      this.at += earned * chatPause;
    }
    if (this.left === 0) return false;
    this.left--;
    return true;
  }
}
