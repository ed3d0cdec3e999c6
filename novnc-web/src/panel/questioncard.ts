import { button, h, setText, show } from "../common/dom.ts";
import type { Wish } from "../common/rights.ts";
import { sharePart, type Share, type SharePart } from "../common/shares.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import { Chooser } from "./chooser.ts";
import type { Question, Snapshot } from "./snapshot.ts";

export interface Answers {
  answer(id: string, allow: boolean, share?: Share): void;
  silence(right: Wish, on: boolean): void;
}

/**
 * Asks the customer a question. If the program asks in its own window, a yes is accepted only
 * there; this card can only refuse. If this page asks, the focus moves to the text, never to a
 * button, so that a key already under way does not answer. The agent protects against the same with
 * `armed`.
 */
export class QuestionCard {
  readonly root: HTMLElement;
  private readonly heading = h("h2", { id: "question-words", tabindex: "-1", "data-testid": "question-words" });
  private readonly meaning = h("p", { id: "question-meaning" });
  private readonly left = h("p", { class: "muted", "data-testid": "question-seconds" });
  private readonly chooser: Chooser;
  private readonly allow: HTMLButtonElement;
  private readonly refuse: HTMLButtonElement;
  private readonly never: HTMLButtonElement;
  private question: Question | null = null;
  private answered = false;
  private choosing = false;
  private deadline = 0;
  private ticking: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly t: PanelTexts,
    private readonly answers: Answers,
  ) {
    this.chooser = new Chooser(t, "question", () => this.enable());
    this.allow = button("question-allow", t.allow, () => this.say(true), { class: "big" });
    this.refuse = button("question-refuse", t.refuse, () => this.say(false), { class: "big" });
    this.never = button("question-never", t.never, () => this.silence(), { class: "quiet" });
    this.root = h(
      "section",
      {
        class: "card question",
        role: "alertdialog",
        "aria-labelledby": "question-words",
        "aria-describedby": "question-meaning",
        "aria-live": "assertive",
        "data-testid": "question",
      },
      this.heading,
      this.meaning,
      this.chooser.root,
      h("div", { class: "row answers" }, this.allow, this.refuse),
      this.left,
      this.never,
    );
  }

  update(s: Snapshot, who: string): void {
    const { t } = this;
    const fresh = s.question !== null && s.question.id !== this.question?.id;
    // A yes without effect, for example because the browser's picker was closed, can be repeated.
    if (fresh || !s.question?.armed) this.answered = false;
    this.question = s.question;
    show(this.root, s.question !== null);
    if (!s.question) return this.dispose();
    this.ticking ??= setInterval(() => this.tick(), 250);
    const { right, proposal, window } = s.question;
    this.deadline = Date.now() + s.question.seconds * 1000;
    this.choosing = !window && (right === "view" || right === "share") && s.choices !== null;
    if (fresh) this.chooser.begin(proposal);
    this.chooser.update(this.choosing ? s.choices : null);
    setText(this.heading, proposal ? t.questionOwn(...ownPart(proposal, s.share)) : t.question[right](who));
    setText(this.meaning, window ? t.inWindow : this.choosing ? t.choose.meaning : meaningOf(right, s.key, t));
    this.root.dataset["right"] = right;
    setText(this.allow, right === "view" ? t.allowView : t.allow);
    show(this.allow, !window);
    show(this.never, right !== "resume" && !proposal);
    this.enable();
    this.tick();
    if (fresh) {
      this.heading.focus();
      this.root.scrollIntoView({ block: "nearest" });
    }
  }

  /** Ends the timer of an open question. */
  dispose(): void {
    clearInterval(this.ticking);
    this.ticking = undefined;
  }

  private say(allow: boolean): void {
    if (!this.question) return;
    this.answered = true; // a later snapshot reports the result, perhaps before the answer's call returns
    this.enable();
    this.answers.answer(this.question.id, allow, allow && this.choosing ? (this.chooser.chosen ?? undefined) : undefined);
  }

  private silence(): void {
    const right = this.question?.right;
    if (right && right !== "resume") this.answers.silence(right, true);
  }

  private enable(): void {
    const ready = this.question?.armed === true && !this.answered;
    // A refusal is accepted at once.
    this.refuse.disabled = !this.question;
    this.allow.disabled = !ready || (this.choosing && this.chooser.chosen === null);
  }

  private tick(): void {
    if (!this.question) return;
    const seconds = Math.max(0, Math.ceil((this.deadline - Date.now()) / 1000));
    const pick = this.choosing && this.chooser.chosen === null ? this.t.choose.first + " " : "";
    setText(this.left, this.question.armed || this.question.window ? pick + this.t.seconds(String(seconds)) : this.t.notArmed);
  }
}

function meaningOf(right: Question["right"], key: string, t: PanelTexts): string {
  return right === "control" && key ? t.meaning.controlKey(key) : t.meaning[right];
}

/** The part of the customer's own proposal that is not shown now. */
function ownPart(proposal: Share, now: Share | null): [kind: SharePart, names: string] {
  if (proposal.kind === "screen" || (proposal.kind === "monitor" && proposal.names.length > 0)) return sharePart(proposal);
  const names = proposal.names.filter((_, i) => !now?.apps.includes(proposal.apps[i] ?? "")).join(", ");
  return [now?.kind === "apps" && names ? "apps" : "other", names];
}
