import { button, h, setText, show } from "../common/dom.ts";
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
  private readonly left = h("p", { class: "muted", "data-testid": "question-seconds" });
  private readonly allow: HTMLButtonElement;
  private readonly refuse: HTMLButtonElement;
  private question: Question | null = null;
  private deadline = 0;

  constructor(
    private readonly t: Texts,
    answer: (id: string, allow: boolean) => void,
  ) {
    const say = (allow: boolean) => {
      if (!this.question) return;
      answer(this.question.id, allow);
      this.allow.disabled = this.refuse.disabled = true; // the next snapshot tells what became of it
    };
    this.allow = button("question-allow", t.allow, () => say(true), { class: "big" });
    this.refuse = button("question-refuse", t.refuse, () => say(false), { class: "big" });
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
      h("div", { class: "row answers" }, this.allow, this.refuse),
      this.left,
    );
    setInterval(() => this.tick(), 250);
  }

  update(s: Snapshot, who: string): void {
    const fresh = s.question !== null && s.question.id !== this.question?.id;
    this.question = s.question;
    show(this.root, s.question !== null);
    if (!s.question) return;
    this.deadline = Date.now() + s.question.seconds * 1000;
    setText(this.heading, this.t.question[s.question.right](who));
    setText(this.meaning, this.t.meaning[s.question.right](s.key));
    this.root.dataset["right"] = s.question.right;
    this.allow.disabled = this.refuse.disabled = !s.question.armed;
    this.tick();
    if (fresh) {
      this.heading.focus();
      this.root.scrollIntoView({ block: "nearest" });
    }
  }

  private tick(): void {
    if (!this.question) return;
    const seconds = Math.max(0, Math.ceil((this.deadline - Date.now()) / 1000));
    setText(this.left, this.question.armed ? this.t.seconds(seconds) : this.t.notArmed);
  }
}
