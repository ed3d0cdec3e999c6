import { copyText } from "../common/copy.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import type { CommonTexts } from "../texts_gen/common.ts";
import type { Question } from "../ui/dialog.ts";
import type { Session } from "./session.ts";

/** The card that lies over the picture; at most one does. */
export type Card = "" | "lock" | "more" | "clipboard" | "keys";

/** How long a message stays in sight, in milliseconds. */
const messageLife = 4000;

/** What the views of the advisor's page share: texts, the open card, messages and questions. */
export class Desk {
  card: Card = "";
  /** The session whose chat is open; null for none. */
  chatOf: Session | null = null;
  question: Question | null = null;
  /** A message of the page itself, such as "Copied.". */
  message = "";
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    public t: AdvisorTexts,
    public common: CommonTexts,
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

  /** Opens the chat of a session with the keyboard in its field, or closes it. */
  openChat(of: Session | null): void {
    this.chatOf = of;
    if (of) this.card = "";
    this.changed();
    // The page is drawn in an earlier microtask.
    queueMicrotask(() => {
      const next = of ? "chat-text" : "chat";
      document.querySelector<HTMLElement>(`[data-testid="${next}"]`)?.focus();
    });
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
