import { copyText } from "../common/copy.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import type { CommonTexts } from "../texts_gen/common.ts";
import type { RecordTexts } from "../texts_gen/record.ts";
import type { Question } from "../ui/dialog.ts";
import type { Session } from "./session.ts";

/** The card that lies over the picture; at most one does. */
export type Card = "" | "lock" | "more" | "clipboard" | "keys" | "colleague";

/** What lies at the side of a session, over the picture; at most one does. */
export type Side = "chat" | "files";

/** What gets the keyboard when a side opens, and when it closes. */
const focusOf: Record<Side, { open: string; close: string }> = {
  chat: { open: "chat-text", close: "chat" },
  files: { open: "files-choose", close: "more" },
};

/** How long a message stays in sight, in milliseconds. */
const messageLife = 4000;

/** What the views of the advisor's page share: texts, the open card, messages and questions. */
export class Desk {
  card: Card = "";
  /** What is open at the side of which session; null for nothing. */
  side: { what: Side; of: Session } | null = null;
  /** Files are being dragged over the page. */
  dragging = false;
  question: Question | null = null;
  /** A message of the page itself, such as "Copied.". */
  message = "";
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    public t: AdvisorTexts,
    public common: CommonTexts,
    public record: RecordTexts,
    readonly clock: (d: Date) => string,
    readonly changed: () => void,
    readonly now: () => number = Date.now,
  ) {}

  open(card: Card): void {
    this.card = card;
    this.changed();
  }

  toggle(card: Card): void {
    this.open(this.card === card ? "" : card);
  }

  /** Opens something at the side of a session, usually with the keyboard in it. */
  openSide(what: Side, of: Session, keyboard = true): void {
    this.side = { what, of };
    this.card = "";
    this.changed();
    if (keyboard) this.focusLater(focusOf[what].open);
  }

  closeSide(): void {
    if (!this.side) return;
    const { what } = this.side;
    this.side = null;
    this.changed();
    this.focusLater(focusOf[what].close);
  }

  private focusLater(testid: string): void {
    // The page is drawn in an earlier microtask.
    queueMicrotask(() => document.querySelector<HTMLElement>(`[data-testid="${testid}"]`)?.focus());
  }

  ask(question: Question | null): void {
    this.question = question;
    this.changed();
  }

  /** Shows a message for four seconds. */
  say(message: string): void {
    clearTimeout(this.timer);
    this.message = message;
    if (message !== "") this.timer = setTimeout(() => this.say(""), messageLife);
    this.changed();
  }

  async copy(what: string): Promise<void> {
    this.say((await copyText(what)) ? this.common.copied : this.t.waiting.notCopied(what));
  }
}
