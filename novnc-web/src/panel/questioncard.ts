import { html, nothing, type TemplateResult } from "lit";
import { createRef, ref } from "lit/directives/ref.js";
import { mayWord } from "../common/colleagues.ts";
import type { IconName } from "../common/icons.ts";
import { sharePart, type Share, type SharePart } from "../common/shares.ts";
import type { CommonTexts } from "../texts_gen/common.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import { button, icon } from "../ui/controls.ts";
import { Chooser } from "./chooser.ts";
import { fileFacts } from "./filespart.ts";
import { cut } from "./names.ts";
import type { Asked, Choices, Question, Snapshot } from "./snapshot.ts";

/** How long a new question ignores the quiet buttons below its answers, in milliseconds. */
const unread = 1000;

export interface Answers {
  answer(id: string, allow: boolean, share?: Share): void;
  silence(right: Asked, on: boolean): void;
}

/**
 * Asks the customer a question, in the words and the order of the program's question window. If the
 * program asks in that window, a yes is accepted only there; this card can only refuse. If this
 * page asks, the focus moves to the text, never to a button, so that a key already under way does
 * not answer. The agent protects against the same with `armed`.
 */
export class QuestionCard {
  private readonly heading = createRef<HTMLElement>();
  private readonly chooser: Chooser;
  private question: Question | null = null;
  private answered = false;
  /** The customer chooses single programs or a monitor. */
  private choosing = false;
  private opened = 0; // Date.now
  private deadline = 0;
  private shown = 0; // seconds
  private ticking: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly t: PanelTexts,
    private readonly common: CommonTexts,
    private readonly answers: Answers,
    private readonly changed: () => void,
  ) {
    this.chooser = new Chooser(t, "question", changed);
  }

  /** Takes over the question; returns whether it is a new one. */
  update(question: Question | null): boolean {
    const fresh = question !== null && question.id !== this.question?.id;
    // A yes without effect, for example because the browser's picker was closed, can be repeated.
    if (fresh || !question?.armed) this.answered = false;
    this.question = question;
    if (!question) {
      this.dispose();
      return false;
    }
    this.deadline = Date.now() + question.seconds * 1000;
    this.ticking ??= setInterval(() => this.tick(), 250);
    if (fresh) {
      this.opened = Date.now();
      this.choosing = false;
      this.chooser.begin(question.proposal);
    }
    return fresh;
  }

  /** Ends the timer of an open question. */
  dispose(): void {
    clearInterval(this.ticking);
    this.ticking = undefined;
  }

  focus(): void {
    this.heading.value?.focus();
  }

  view(s: Snapshot, who: string): TemplateResult {
    const { t, question: q } = this;
    if (!q) return html``;
    const choices = mayChoose(q) ? s.choices : null;
    const choosing = this.choosing && choices !== null;
    const control =
      q.right === "control" || q.right === "clipboard" || q.right === "record" || q.right === "colleague" || isProgram(q);
    return html`<section
      class="question"
      role="alertdialog"
      aria-labelledby=${choosing ? this.chooser.heading : "question-words"}
      aria-describedby=${choosing ? nothing : describing(q)}
      data-testid="question"
      data-right=${q.right}
      data-tone=${control ? "control" : "view"}
    >
      ${choosing ? this.chooser.view(choices) : this.words(s, q, who)}
      <div class="answers">
        ${button({ testid: "question-refuse", label: t.refuse, act: () => this.say(false) })}
        ${q.window ? nothing : this.allow(q, choices, choosing)}
      </div>
      <div class="question-foot">
        <p class="muted" data-testid="question-seconds">${this.secondsWords(q)}</p>
        ${
          choices?.apps.length || (choices && choices.monitors.length > 1)
            ? button({
                testid: "question-choose",
                label: choosing ? t.choose.back : t.choose.one,
                kind: "quiet",
                act: () => this.read && this.choose(!choosing),
              })
            : nothing
        }
        ${
          q.right === "resume" || q.proposal || q.file?.given
            ? nothing
            : button({ testid: "question-never", label: t.never, kind: "quiet", act: () => this.silence() })
        }
      </div>
    </section>`;
  }

  private words(s: Snapshot, q: Question, who: string): TemplateResult {
    const { t } = this;
    const asked = q.file?.given ? "given" : q.right;
    const words = q.proposal ? t.questionOwn(...ownPart(q.proposal, s.share)) : t.question[asked](who);
    return html`<div class="question-head">
        ${icon(asked === "given" ? "upload" : icons[asked])}
        <h2 id="question-words" tabindex="-1" data-testid="question-words" ${ref(this.heading)}>${words}</h2>
      </div>
      ${q.file ? html`<div id="question-file" class="file">${fileFacts(q.file, t, this.common)}</div>` : nothing}
      ${
        q.colleague
          ? html`<p id="question-file" class="joins" data-testid="question-colleague">
              <strong>${[q.colleague.name, q.colleague.company].filter(Boolean).join(", ")}</strong>
              ${t.colleague.may(mayWord(q.colleague.may))}.
            </p>`
          : nothing
      }
      <p id="question-meaning">${q.window ? t.inWindow : isProgram(q) ? nothing : meaningOf(asked, s.key, t)}</p>`;
  }

  private allow(q: Question, choices: Choices | null, choosing: boolean): TemplateResult {
    const { t } = this;
    const chosen = choosing ? this.chooser.chosen(choices) : null;
    // Without a whole screen to show, the customer has to choose first.
    const wanting = choices !== null && !choices.whole && !choosing;
    // The customer must know what he says yes to.
    const unknown = (q.right === "files" && q.file === null) || (q.right === "colleague" && q.colleague === null);
    const label = choosing ? t.choose.yes : q.proposal ? t.choose.apply : t.yes[q.file?.given ? "given" : q.right];
    return html`<button
      type="button"
      class="primary"
      data-testid="question-allow"
      ?disabled=${!q.armed || this.answered || unknown || (choosing && chosen === null)}
      @click=${() => (wanting ? this.choose(true) : this.say(true, chosen ?? wholeOf(choices)))}
    >
      ${label}
    </button>`;
  }

  private choose(on: boolean): void {
    this.choosing = on;
    this.changed();
  }

  private say(allow: boolean, share: Share | null = null): void {
    if (!this.question) return;
    this.answered = true; // a later snapshot reports the result, perhaps before the answer's call returns
    this.changed();
    this.answers.answer(this.question.id, allow, share ?? undefined);
  }

  /** Whether a press can mean this question, and not what was at its place a moment ago. */
  private get read(): boolean {
    return Math.abs(Date.now() - this.opened) >= unread;
  }

  private silence(): void {
    const right = this.question?.right;
    if (this.read && right && right !== "resume") this.answers.silence(right, true);
  }

  private get seconds(): number {
    return Math.max(0, Math.ceil((this.deadline - Date.now()) / 1000));
  }

  private secondsWords(q: Question): string {
    this.shown = this.seconds;
    return q.armed || q.window ? this.t.seconds(String(this.shown)) : this.t.notArmed;
  }

  private tick(): void {
    if (this.seconds !== this.shown) this.changed();
  }
}

const icons: Record<Question["right"], IconName> = {
  view: "eye",
  share: "eye",
  resume: "eye",
  show: "monitor",
  control: "hand",
  clipboard: "clipboard",
  record: "record",
  files: "download",
  colleague: "eye",
};

/** Whether the customer can choose what to show while answering on this page. */
function mayChoose({ window, right, proposal }: Question): boolean {
  return !window && !proposal && (right === "view" || right === "share");
}

/** The whole screen; null if the share is not chosen on this page. */
function wholeOf(choices: Choices | null): Share | null {
  return choices && { kind: "screen", monitor: 0, apps: [], names: [] };
}

/** What explains the question. */
function describing({ file, colleague }: Question): string {
  return file || colleague ? "question-file question-meaning" : "question-meaning";
}

/** Whether the advisor offers a program, which can do everything on this computer. */
function isProgram({ file }: Question): boolean {
  return file !== null && file.kind === "program" && !file.given;
}

function meaningOf(right: Question["right"] | "given", key: string, t: PanelTexts): string {
  return right === "control" && key ? t.meaning.controlKey(key) : t.meaning[right];
}

/** The part of the customer's own proposal that is not shown now. */
function ownPart(proposal: Share, now: Share | null): [kind: SharePart, names: string] {
  if (proposal.kind === "screen" || (proposal.kind === "monitor" && proposal.names.length > 0)) {
    const [kind, names] = sharePart(proposal);
    return [kind, cut(names)];
  }
  const names = proposal.names.filter((_, i) => !now?.apps.includes(proposal.apps[i] ?? "")).join(", ");
  return [now?.kind === "apps" && names ? "apps" : "other", cut(names)];
}
