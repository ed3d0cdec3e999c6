import { button, h, setText, show } from "../common/dom.ts";
import { setFavicon, type Mood } from "../common/favicon.ts";
import { commonTexts } from "../texts_gen/common.ts";
import { panelTexts, type PanelTexts } from "../texts_gen/panel.ts";
import type { PanelActions } from "./actions.ts";
import { NumberForm } from "./numberform.ts";
import { QuestionCard } from "./questioncard.ts";
import { recordLink } from "./record.ts";
import { SessionCard } from "./sessioncard.ts";
import { ShareCard, type Preview } from "./sharecard.ts";
import { ShowView } from "./showview.ts";
import type { Snapshot } from "./snapshot.ts";

/** Shows the customer a session in one language. */
export class PanelView {
  readonly root: HTMLElement;
  private readonly number: NumberForm;
  private readonly question: QuestionCard;
  private readonly session: SessionCard;
  private readonly share: ShareCard;
  private readonly show: ShowView;
  private readonly answer = h("p", { class: "loud", role: "alert", "data-testid": "answer-mode" });
  private readonly connecting: HTMLElement;
  private readonly ended: HTMLElement;
  private readonly endedHeading: HTMLElement;
  private readonly record = h("div", { class: "row" });
  private recorded = "";
  private readonly endedReason = h("p", { class: "lead", "data-testid": "ended-reason" });

  constructor(
    readonly lang: Snapshot["lang"],
    link: PanelActions,
    private readonly preview: Preview,
    /** Differs from the panel's texts if a page shares by itself. */
    private readonly t: PanelTexts = panelTexts[lang],
  ) {
    document.documentElement.lang = lang;
    this.number = new NumberForm(t, (n) => link.enter(n));
    this.question = new QuestionCard(t, link);
    this.share = new ShareCard(t, link, preview);
    this.show = new ShowView(t, link);
    this.session = new SessionCard(t, commonTexts[lang], link);
    this.connecting = h(
      "div",
      { class: "card", "data-testid": "connecting" },
      h("p", { class: "lead", role: "status" }, t.connecting),
      button("cancel", t.cancel, () => link.end()),
    );
    this.endedHeading = h("h1", { tabindex: "-1" }, t.ended);
    this.ended = h(
      "div",
      { class: "card", "data-testid": "ended" },
      this.endedHeading,
      this.endedReason,
      h("p", { class: "lead" }, t.endedCalm),
      this.record,
    );
    this.root = h(
      "main",
      { class: "panel" },
      this.answer,
      this.number.root,
      this.connecting,
      this.question.root,
      this.session.root,
      this.show.root,
      this.share.root,
      this.ended,
    );
  }

  /** Ends timers, when the page shows something else. */
  dispose(): void {
    this.question.dispose();
    this.show.dispose();
    this.preview.update(false);
  }

  update(s: Snapshot, last: Snapshot | null): void {
    const { t } = this;
    const who = s.advisor?.name || commonTexts[s.lang].yourAdvisor;
    const connected = s.phase === "joined" || s.phase === "away";
    this.root.dataset["phase"] = s.phase;
    const answer = s.answer && s.phase !== "ended" ? t.answers[s.answer] : "";
    setText(this.answer, answer);
    show(this.answer, answer !== "");
    show(this.number.root, s.phase === "number");
    show(this.connecting, s.phase === "connecting");
    show(this.session.root, connected);
    show(this.ended, s.phase === "ended");
    this.number.update(s);
    this.session.update(s, who);
    this.share.update(s);
    this.show.update(s);
    this.root.classList.toggle("showing", s.phase === "joined" && s.rights.show);
    this.offerRecord(s);
    this.question.update(connected ? s : { ...s, question: null }, who);
    setText(this.endedReason, reasonWords(s.reason, s.error?.message ?? "", t));
    const look = lookOf(s, t);
    setFavicon(look.mood);
    document.title = look.title + " – Lotse";
    this.moveFocus(s, last);
  }

  private offerRecord(s: Snapshot): void {
    if (s.record === this.recorded) return;
    this.recorded = s.record;
    this.record.replaceChildren(...(s.record ? [recordLink(s.record, this.t.saveRecord)] : []));
  }

  /** Moves the focus to new content; the question takes the focus itself. */
  private moveFocus(s: Snapshot, last: Snapshot | null): void {
    if (s.phase === "number" && last?.phase !== "number") this.number.focus();
    else if (s.phase === "ended" && last?.phase !== "ended") this.endedHeading.focus();
    else if (s.phase === "joined" && !s.question && (last?.question || last?.phase === "connecting")) this.session.focus();
  }
}

function reasonWords(reason: string, message: string, t: PanelTexts): string {
  if (reason === "error" && message) return t.reasonError(message);
  return Object.hasOwn(t.reason, reason) ? t.reason[reason as keyof PanelTexts["reason"]] : "";
}

function lookOf(s: Snapshot, t: PanelTexts): { title: string; mood: Mood } {
  if (s.question) return { title: `❓ ${t.title.question}`, mood: "question" };
  switch (s.phase) {
    case "number":
      return { title: t.title.number, mood: "idle" };
    case "connecting":
      return { title: t.title.connecting, mood: "waiting" };
    case "away":
      return { title: t.title.away, mood: "waiting" };
    case "ended":
      return { title: t.title.ended, mood: "over" };
  }
  if (s.paused) return { title: t.title.paused, mood: "waiting" };
  if (s.rights.control) return { title: t.title.controlled, mood: "controlled" };
  if (s.direction === "customer") return { title: t.title.seen, mood: "seen" };
  if (s.rights.show) return { title: t.title.showing, mood: "joined" };
  return { title: t.title.joined, mood: "joined" };
}
