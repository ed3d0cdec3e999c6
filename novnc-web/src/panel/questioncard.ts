import { button, h, setText, show } from "../common/dom.ts";
import type { Share } from "../common/shares.ts";
import { Chooser } from "./chooser.ts";
import type { Question, Snapshot } from "./snapshot.ts";
import type { Texts } from "./texts.ts";

/**
 * A question to the customer. The focus goes to the words, never to a button:
 * a key that was on its way must not answer. The agent guards the same by `armed`.
 */
export class QuestionCard {
  readonly root: HTMLElement;
  private readonly heading = h("h2", { id: "question-words", tabindex: "-1", "data-testid": "question-words" });
  private readonly meaning = h("p", { id: "question-meaning" });
  private readonly problem = h("p", { class: "notice", role: "alert", "data-testid": "question-problem" });
  private readonly left = h("p", { class: "muted", "data-testid": "question-seconds" });
  private readonly chooser: Chooser;
  private readonly allow: HTMLButtonElement;
  private readonly refuse: HTMLButtonElement;
  private question: Question | null = null;
  private answered = false;
  private choosing = false;
  private deadline = 0;

  constructor(
    private readonly t: Texts,
    private readonly answer: (id: string, allow: boolean, share?: Share) => void,
  ) {
    this.chooser = new Chooser(t, "question", () => this.enable());
    this.allow = button("question-allow", t.allow, () => this.say(true), { class: "big" });
    this.refuse = button("question-refuse", t.refuse, () => this.say(false), { class: "big" });
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
      this.problem,
      h("div", { class: "row answers" }, this.allow, this.refuse),
      this.left,
    );
    setInterval(() => this.tick(), 250);
  }

  update(s: Snapshot, who: string): void {
    const { t } = this;
    const fresh = s.question !== null && s.question.id !== this.question?.id;
    // A question that stays open after an answer can be answered again.
    if (fresh || s.question?.problem) this.answered = false;
    this.question = s.question;
    show(this.root, s.question !== null);
    if (!s.question) return;
    const { right, proposal, problem } = s.question;
    this.deadline = Date.now() + s.question.seconds * 1000;
    this.choosing = (right === "view" || right === "share") && s.choices !== null;
    if (fresh) this.chooser.begin(proposal);
    this.chooser.update(this.choosing ? s.choices : null);
    setText(this.heading, proposal ? t.questionOwn : t.question[right](who));
    setText(this.meaning, this.choosing ? t.choose.meaning : t.meaning[right](s.key));
    this.root.dataset["right"] = right;
    setText(this.allow, t.allowFor[right] ?? t.allow);
    setText(this.problem, problem && t.problem[problem]);
    show(this.problem, problem !== "");
    this.enable();
    this.tick();
    if (fresh) {
      this.heading.focus();
      this.root.scrollIntoView({ block: "nearest" });
    }
  }

  private say(allow: boolean): void {
    if (!this.question) return;
    this.answer(this.question.id, allow, allow && this.choosing ? (this.chooser.chosen ?? undefined) : undefined);
    this.answered = true; // the next snapshot tells what became of it
    this.enable();
  }

  private enable(): void {
    const ready = this.question?.armed === true && !this.answered;
    this.refuse.disabled = !ready;
    this.allow.disabled = !ready || (this.choosing && this.chooser.chosen === null);
  }

  private tick(): void {
    if (!this.question) return;
    const seconds = Math.max(0, Math.ceil((this.deadline - Date.now()) / 1000));
    const pick = this.choosing && this.chooser.chosen === null ? this.t.choose.first + " " : "";
    setText(this.left, this.question.armed ? pick + this.t.seconds(seconds) : this.t.notArmed);
  }
}
