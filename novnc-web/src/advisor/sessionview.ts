import { button, h, setText, show } from "../common/dom.ts";
import { grouped } from "../common/number.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import type { CommonTexts } from "../texts_gen/common.ts";
import { ClipboardPanel } from "./clipboard.ts";
import { confirmDialog } from "./dialog.ts";
import { eventWords } from "./events.ts";
import { Facts } from "./facts.ts";
import { ForeignPanel } from "./foreign.ts";
import { OwnViewer } from "./ownviewer.ts";
import type { Session } from "./session.ts";
import { ShowBar } from "./showbar.ts";
import { Toolbar } from "./toolbar.ts";
import { WaitingPanel } from "./waiting.ts";

/** Shows one session on the page. */
export class SessionView {
  readonly root: HTMLElement;
  private readonly heading: HTMLElement;
  private readonly endButton: HTMLButtonElement;
  private readonly waiting: WaitingPanel;
  private readonly facts: Facts;
  private readonly toolbar: Toolbar;
  private readonly clipboard: ClipboardPanel;
  private readonly ownViewer: OwnViewer;
  private readonly foreign: ForeignPanel;
  private readonly stage: HTMLElement;
  private readonly answer = h("p", { class: "loud", role: "alert", "data-testid": "answer-mode" });
  private readonly event = h("p", { class: "event", role: "status", "data-testid": "event" });
  private readonly screen = h("div", { class: "screen", "data-testid": "screen" });
  private readonly cover = h("div", { class: "cover" });
  private readonly coverWords = h("p", { class: "lead", role: "status", "data-testid": "view-state" });
  private readonly coverHint: HTMLElement;
  private readonly see: HTMLButtonElement;
  private readonly showOwn: HTMLButtonElement;
  private readonly showBar: ShowBar;
  private readonly hands: HTMLElement;
  private readonly notice = h("p", { class: "notice", role: "status", "data-testid": "notice" });
  private readonly browserNote: HTMLElement;
  private readonly ended: HTMLElement;
  private readonly endedReason = h("p", { class: "lead", "data-testid": "ended-reason" });
  private readonly replaced: HTMLElement;

  private readonly gone = new AbortController();

  constructor(
    private readonly session: Session,
    private readonly t: AdvisorTexts,
    common: CommonTexts,
    clock: (d: Date) => string,
  ) {
    const { view } = session;
    this.heading = h("h1", { tabindex: "-1", "data-testid": "session-heading" }, t.session.heading(grouped(session.number)));
    this.endButton = button("end-session", t.session.end, () => this.askEnd(), { class: "danger" });
    this.waiting = new WaitingPanel(session, t, common, clock);
    this.facts = new Facts(session, t, clock);
    this.stage = h("div", { class: "stage" });
    this.clipboard = new ClipboardPanel(session, t);
    this.ownViewer = new OwnViewer(session, t, clock);
    this.foreign = new ForeignPanel(session, t);
    this.root = h("section", { class: "session", "data-testid": "session" });
    this.toolbar = new Toolbar(session, t, this.root, this.clipboard.root);
    this.coverHint = h("p", { class: "muted" }, t.view.seeHint);
    this.see = button("see-screen", t.view.see, () => view.open(), { class: "primary big" });
    this.showOwn = button("show-screen", t.show.start, () => void session.show.start(), { class: "big" });
    this.showBar = new ShowBar(session, t);
    this.hands = h("p", { class: "notice", role: "status", "data-testid": "hands" }, t.view.hands);
    this.browserNote = h("p", { class: "muted", "data-testid": "browser-note" }, t.view.browser);
    this.cover.append(this.coverWords, h("div", { class: "row choices" }, this.see, this.showOwn), this.coverHint);
    view.target.setAttribute("aria-label", t.view.label);
    view.target.setAttribute("role", "region");
    this.screen.append(view.target, this.cover);
    this.stage.append(
      this.answer,
      this.showBar.root,
      this.facts.root,
      this.browserNote,
      this.hands,
      this.notice,
      this.toolbar.root,
      this.screen,
    );
    this.ended = h("div", { class: "card", "data-testid": "ended" }, h("h2", {}, t.session.ended), this.endedReason);
    this.replaced = h(
      "div",
      { class: "card", "data-testid": "replaced" },
      h("p", { class: "lead" }, t.session.replaced),
      button("take-here", t.session.takeHere, () => session.takeHere(), { class: "primary" }),
    );
    this.root.append(
      h("header", { class: "session-head" }, this.heading, this.event, this.endButton),
      this.replaced,
      this.waiting.root,
      this.foreign.root,
      this.stage,
      this.ownViewer.root,
      this.ended,
    );
    document.addEventListener("fullscreenchange", () => this.toolbar.update(), { signal: this.gone.signal });
  }

  /** Ends what uses this view, when the page shows another one instead. */
  dispose(): void {
    this.gone.abort();
  }

  focus(): void {
    this.heading.focus();
  }

  update(): void {
    const { session, t } = this;
    const over = session.phase === "ended";
    const elsewhere = session.line === "replaced" && !over;
    this.root.dataset["phase"] = session.phase;
    show(this.endButton, !over && !elsewhere);
    show(this.replaced, elsewhere);
    show(this.waiting.root, session.phase === "waiting" && session.foreign === "" && !elsewhere);
    show(this.stage, !over && !elsewhere);
    // While the number waits for the customer, only the state of the line matters.
    this.stage.classList.toggle("line-only", session.phase === "waiting");
    show(this.ended, over);
    setText(this.endedReason, over ? reasonWords(session.reason, t) : "");
    const answer = session.answer && !over ? t.answers[session.answer] : "";
    setText(this.answer, answer);
    show(this.answer, answer !== "");
    const event = session.events.map((e) => eventWords(e, t)).join(" ");
    setText(this.event, event);
    show(this.event, event !== "");
    show(this.hands, session.shared.hands && session.shared.rights.control);
    const notice = session.shared.rights.view ? session.shared.notice : "";
    setText(this.notice, notice && t.view.notice[notice]);
    show(this.notice, notice !== "");
    show(this.browserNote, session.customer?.browser === true && session.phase === "joined");
    this.showBar.update();
    this.waiting.update();
    this.facts.update();
    this.toolbar.update();
    this.clipboard.update();
    this.ownViewer.update();
    this.foreign.update();
    this.updateScreen();
  }

  private updateScreen(): void {
    const { session, t } = this;
    const { view } = session;
    show(this.screen, session.phase === "joined" || session.phase === "away");
    this.screen.dataset["phase"] = view.phase;
    show(this.cover, view.phase !== "shown");
    setText(this.coverWords, this.coverText());
    show(this.coverWords, this.coverWords.textContent !== "");
    const mayStart = (view.phase === "off" || view.phase === "refused") && session.phase === "joined";
    show(this.see, mayStart);
    setText(this.see, session.show.phase === "shown" ? t.view.turn : view.phase === "refused" ? t.view.again : t.view.see);
    show(this.showOwn, mayStart && !session.show.active && session.show.possible && session.can("show"));
    // If the program answers automatically, nobody is asked.
    show(this.coverHint, mayStart && session.answer === "");
  }

  private coverText(): string {
    const { t, session } = this;
    if (session.phase === "away") return t.view.waitingForCustomer;
    switch (session.view.phase) {
      case "off":
      case "shown":
        return "";
      case "refused":
        return session.view.refusal || t.view.refused;
      default:
        return t.view.phase[session.view.phase];
    }
  }

  private askEnd(): void {
    const { session, t } = this;
    confirmDialog(
      this.root,
      { question: t.session.endQuestion, meaning: t.session.endMeaning, yes: t.session.endYes, no: t.session.endNo },
      () => void session.end().catch(() => {}), // the line is shown as interrupted, and the advisor can try again
    );
  }
}

function reasonWords(reason: string, t: AdvisorTexts): string {
  return Object.hasOwn(t.session.reason, reason)
    ? t.session.reason[reason as keyof AdvisorTexts["session"]["reason"]]
    : t.session.reason.other;
}
