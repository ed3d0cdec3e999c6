import { html, nothing, render, type TemplateResult } from "lit";
import type { Picked } from "../common/drop.ts";
import type { ChatModel } from "../common/chatlines.ts";
import { setFavicon } from "../common/favicon.ts";
import { RecordFiles } from "../record/files.ts";
import { commonTexts, type CommonTexts } from "../texts_gen/common.ts";
import { panelTexts, type PanelTexts } from "../texts_gen/panel.ts";
import { button } from "../ui/controls.ts";
import type { PanelActions } from "./actions.ts";
import { ChatPart } from "./chatpart.ts";
import { compareWords, details, detailsButton } from "./details.ts";
import { endedView } from "./ended.ts";
import { FilesPart, mayGive, waiting } from "./filespart.ts";
import type { Giving } from "./givefiles.ts";
import { head } from "./head.ts";
import { History } from "./history.ts";
import { lookOf } from "./look.ts";
import { colleaguesRow } from "./colleaguesrow.ts";
import { advisorIn, controllerIn, cut } from "./names.ts";
import { notices, type FileList } from "./notices.ts";
import { NumberForm } from "./numberform.ts";
import type { Preview } from "./preview.ts";
import { QuestionCard } from "./questioncard.ts";
import { recordingRow } from "./recordingrow.ts";
import { ShareEditor, shareView } from "./sharecard.ts";
import { ShowView } from "./showview.ts";
import type { Snapshot } from "./snapshot.ts";
import { truth } from "./truth.ts";

/** What differs if a page shares by itself. */
export interface PanelOptions {
  texts?: PanelTexts;
  /** The gateway's name for people. */
  name?: string;
  /** A remark about the whole session. */
  note?: string;
  /** Gives files to the advisor, if this page can. */
  giving?: Giving;
  /** Leaves the page. */
  back?: { label: string; act: () => void };
}

/** What can be open in the middle of the page. */
type Opened = "editor" | "details" | "chat" | "files";

/** How long the button to hide everything does not resume, in milliseconds. */
const pauseHolds = 1000;

/**
 * Shows the customer a session in one language. The buttons that stop something have fixed places
 * at the bottom; whatever comes and goes is in the space above them.
 */
export class PanelView {
  private readonly t: PanelTexts;
  private readonly common: CommonTexts;
  private readonly number: NumberForm;
  private readonly question: QuestionCard;
  private readonly editor: ShareEditor;
  private readonly shown: ShowView;
  private readonly history: History;
  private readonly chat: ChatPart;
  private readonly files: FilesPart;
  private readonly record = new RecordFiles();
  private last: Snapshot | null = null;
  /** What the customer has opened in the place of the picture. */
  private open: "" | Opened = "";
  /** Files are dragged over the page. */
  private dragged = false;

  private readonly unlisten: () => void;
  private pausedAt = -Infinity; // Date.now
  private pauseTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly lang: Snapshot["lang"],
    private readonly place: HTMLElement,
    private readonly actions: PanelActions,
    private readonly preview: Preview,
    chat: ChatModel,
    private readonly options: PanelOptions = {},
  ) {
    document.documentElement.lang = lang;
    const t = (this.t = options.texts ?? panelTexts[lang]);
    const draw = () => this.draw();
    this.common = commonTexts[lang];
    this.number = new NumberForm(
      t,
      (n) => actions.enter(n),
      (version) => actions.acceptTerms(version),
      draw,
    );
    this.question = new QuestionCard(t, this.common, actions, draw);
    this.editor = new ShareEditor(t, actions, draw);
    this.shown = new ShowView(t, actions, draw);
    this.history = new History(t);
    this.chat = new ChatPart(chat, t, this.common, actions, draw);
    this.files = new FilesPart(t, this.common, actions, options.giving);
    if (options.giving) options.giving.changed = draw;
    preview.changed = draw;
    document.addEventListener("visibilitychange", draw);
    this.unlisten = () => document.removeEventListener("visibilitychange", draw);
  }

  /** Ends timers, when the page shows something else. */
  dispose(): void {
    this.last = null;
    clearTimeout(this.pauseTimer);
    this.question.dispose();
    this.shown.dispose();
    this.preview.update(false);
    this.record.dispose();
    this.chat.dispose();
    this.unlisten();
  }

  update(s: Snapshot): void {
    const { last } = this;
    this.last = s;
    this.notePause(s.paused && last?.paused === false);
    const live = isLive(s);
    this.history.update(last, s);
    this.number.update(s);
    this.shown.update(s);
    this.chat.update(s);
    this.preview.update(live && isShared(s) && !s.paused); // also during a question: it is visible
    const fresh = this.question.update(live ? s.question : null);
    if (s.question || !isShared(s)) this.close("editor");
    // The customer has just said yes to it, so it may take the place of anything.
    if (this.files.update(s)) this.open = "files";
    else if (this.open === "files" && s.files.length === 0 && last && last.files.length > 0) this.open = "";
    if (!live) this.open = "";
    this.options.giving?.update(s);
    setFavicon(lookOf(s, this.t).mood);
    this.draw();
    this.moveFocus(s, last, fresh);
  }

  /** Hiding turns the button into Resume. The second press of a double click must not undo it. */
  private notePause(began: boolean): void {
    if (!began) return;
    this.pausedAt = Date.now();
    clearTimeout(this.pauseTimer);
    this.pauseTimer = setTimeout(() => this.draw(), pauseHolds + 100);
  }

  private get justPaused(): boolean {
    return Math.abs(Date.now() - this.pausedAt) < pauseHolds;
  }

  private draw(): void {
    const { last: s, options, chat } = this;
    if (!s) return;
    if (isLive(s) && this.open === "" && chat.opensItself(s)) this.open = "chat";
    if (s.phase === "ended" || (this.open === "chat" && !s.question)) chat.seen();
    document.title = this.title(s) + lookOf(s, this.t).title + " – Lotse";
    const { back } = options;
    const leave =
      back && (s.phase === "number" || s.phase === "ended")
        ? button({ testid: "back", label: back.label, kind: "quiet", act: back.act })
        : isLive(s)
          ? html`${this.files.button(s, this.open === "files", () => this.toggle("files"))}
            ${chat.button(s, this.open === "chat", () => this.toggle("chat"))}`
          : nothing;
    const answer = s.answer && s.phase !== "ended" ? this.t.answers[s.answer] : "";
    render(
      html`<div
          class="panel-page"
          data-phase=${s.phase}
          ?data-showing=${s.phase === "joined" && s.rights.show}
          @keydown=${this.key}
        >
          ${head(s, options.name ?? s.gateway, leave)}
          ${answer ? html`<p class="answer-mode" role="alert" data-testid="answer-mode">${answer}</p>` : nothing}
          ${isLive(s) ? this.session(s) : this.front(s)} ${isLive(s) ? this.files.picker((picked) => this.give(picked)) : nothing}
          ${this.dragged && this.accepts ? this.files.dropArea() : nothing}
        </div>
        ${chat.dialog()}`,
      this.place,
    );
  }

  /** Before and after a session. */
  private front(s: Snapshot): TemplateResult {
    const { t, options } = this;
    switch (s.phase) {
      case "number":
        return html`<main class="front">
          ${this.number.view(s)}
          ${options.note ? html`<p class="muted" data-testid="needs-program">${options.note}</p>` : nothing}
        </main>`;
      case "ended":
        return endedView(s, t, this.record, html`${this.files.past(s)} ${this.chat.past(s)}`);
      default:
        return html`<main class="front" data-testid="connecting">
          <div class="pending" role="status"><h1 class="lead">${t.connecting}</h1></div>
          ${button({ testid: "cancel", label: t.cancel, act: () => this.actions.end() })}
        </main>`;
    }
  }

  private session(s: Snapshot): TemplateResult {
    const { t, common, actions } = this;
    const who = s.rights.control ? controllerIn(s, common) : advisorIn(s, common);
    return html`<main
      class="live"
      data-testid="session"
      ?data-compact=${this.covers(s)}
      ?data-controlled=${s.rights.control}
      ?data-crowded=${this.covers(s) && ((s.rights.control && sharesClipboard(s)) || s.rights.record)}
    >
      ${truth(s, who, t)}
      <div class="middle">${this.shown.view(this.covers(s))}${this.middle(s, who)}</div>

      ${s.question && s.rights.control ? nothing : colleaguesRow(s, t, actions)} ${recordingRow(s, t, actions, this.covers(s))}
      ${sharesClipboard(s) && !(s.question && s.recording?.running) ? this.clipboard() : nothing}
      ${
        s.rights.control
          ? html`<button type="button" class="take-control" data-testid="take-control" @click=${() => actions.take("control")}>
              ${s.key ? t.takeControlKey(s.key) : t.takeControl}
            </button>`
          : nothing
      }
      ${notices(s, who, this.options.note ?? "", t, s.question ? null : this.fileList)}
      <div class="actions" role="group" aria-label=${t.actions} tabindex="-1">
        ${s.rights.view || s.paused ? this.viewActions(s) : nothing}
        <button type="button" class="danger end" data-testid="end" @click=${() => actions.end()}>${t.end}</button>
      </div>
      ${detailsButton(s, this.open === "details", t, common, () => this.toggle("details"))}
    </main>`;
  }

  private get fileList(): FileList {
    return { open: this.open === "files", refused: this.files.refusedWords, show: () => this.toggle("files") };
  }

  /** Whether something stands in the place of the advisor's screen. */
  private covers(s: Snapshot): boolean {
    return s.question !== null || this.open !== "";
  }

  /** What the middle of the page shows. It never changes the places of the buttons below. */
  private middle(s: Snapshot, who: string): TemplateResult | typeof nothing {
    const { t, common, actions } = this;
    if (s.question) return this.question.view(s, s.question.by ? cut(s.question.by.name) : advisorIn(s, common));
    if (this.open === "editor") return this.editor.view(s, () => this.toggle("editor"));
    if (this.open === "chat") return this.chat.view(s, () => this.close("chat"));
    if (this.open === "files") return this.files.view(s, () => this.close("files"));
    if (this.open === "details")
      return html`<section class="details" tabindex="-1" aria-label=${t.details.toggle} data-testid="details-list">
        ${details(s, who, this.history.entries, t, common, actions)}
        ${s.rights.view && this.mayChoose(s) ? this.takeView() : nothing}
      </section>`;
    if (s.phase === "joined" && s.rights.show) return nothing;
    if (isShared(s)) return shareView(s, t, actions, this.preview);
    if (s.phase === "away") return nothing;
    return html`<div class="idle">
      <p>${t.now.waiting}</p>
      ${compareWords(s, t)}
    </div>`;
  }

  private clipboard(): TemplateResult {
    const { t, actions } = this;
    return html`<div class="small-row">
      <span id="now-clipboard" data-testid="now-clipboard">${t.now.clipboard}</span>
      <button
        type="button"
        data-testid="take-clipboard"
        aria-describedby="now-clipboard"
        @click=${() => actions.take("clipboard")}
      >
        ${t.takeClipboard}
      </button>
    </div>`;
  }

  private viewActions(s: Snapshot): TemplateResult {
    const { t, actions } = this;
    const choose = () => (actions.chooseAgain ? actions.chooseAgain() : this.toggle("editor"));
    return html`<div class="view-actions">
      <button
        type="button"
        class=${s.paused ? "primary" : ""}
        data-testid="pause"
        aria-disabled=${String(this.justPaused)}
        @click=${() => this.justPaused || actions.pause(!s.paused)}
      >
        ${s.paused ? t.resume : t.pause}
      </button>
      ${
        this.mayChoose(s)
          ? html`<button
              type="button"
              data-testid="share-change"
              aria-expanded=${actions.chooseAgain ? nothing : String(this.open === "editor")}
              ?disabled=${s.question !== null || !isShared(s)}
              @click=${choose}
            >
              ${t.choose.other}
            </button>`
          : s.rights.view
            ? this.takeView()
            : nothing
      }
    </div>`;
  }

  /** Whether the customer can choose something else to show. */
  private mayChoose(s: Snapshot): boolean {
    return s.phase === "joined" && (this.actions.chooseAgain !== undefined || s.choices !== null);
  }

  private takeView(): TemplateResult {
    return button({ testid: "take-view", label: this.t.hide, act: () => this.actions.take("view") });
  }

  private toggle(what: Opened): void {
    if (this.open === what) return this.close(what);
    if (what === "files") this.files.begin(this.last?.files ?? []);
    if (what === "editor") this.editor.begin(this.last?.share ?? null);
    this.open = what;
    this.draw();
    this.find(firstIn[what])?.focus();
  }

  private close(what: Opened): void {
    if (this.open !== what) return;
    if (what === "files") this.options.giving?.seen();
    this.open = "";
    this.draw();
    this.find(opens[what])?.focus();
  }

  /** Whether files that are dropped now would be given. */
  get accepts(): boolean {
    return this.options.giving !== undefined && this.last !== null && mayGive(this.last);
  }

  /** Files are over the page now, or not any more. */
  drag(on: boolean): void {
    if (on === this.dragged) return;
    this.dragged = on;
    this.draw();
  }

  /** Gives what the customer has chosen or dropped, and shows it in the list. */
  give(picked: Picked[]): void {
    const { giving } = this.options;
    if (!giving || !this.last || !isLive(this.last)) return;
    if (this.open !== "files") this.files.begin(this.last.files);
    this.open = "files";
    // A question that came meanwhile does not lose what was chosen; a lost connection does.
    if (this.last.phase === "joined") giving.give(picked);
    else giving.refuseAll(picked);
  }

  private readonly key = (e: KeyboardEvent): void => {
    if (e.key === "Escape" && this.open !== "") this.close(this.open);
  };

  /** The number of unseen messages and of files to save, in front of the page's title. */
  private title(s: Snapshot): string {
    const n = this.chat.unread + waiting(s);
    return n > 0 ? `(${n}) ` : "";
  }

  private focusAfterQuestion(): void {
    if (this.open === "files") this.find("files-heading")?.focus();
    else this.place.querySelector<HTMLElement>(".actions")?.focus();
  }

  private find(testid: string): HTMLElement | null {
    return this.place.querySelector<HTMLElement>(`[data-testid="${testid}"]`);
  }

  /**
   * Moves the focus to new content. After a question it goes to the group of buttons, not to the
   * sentence above them, which is read aloud anyway.
   */
  private moveFocus(s: Snapshot, last: Snapshot | null, fresh: boolean): void {
    if (fresh) this.question.focus();
    else if (s.phase === "number" && last?.phase !== "number") this.number.focus();
    else if (s.phase === "ended" && last?.phase !== "ended") this.find("ended-heading")?.focus();
    else if (s.phase === "joined" && last?.phase === "connecting") this.find("now")?.focus();
    else if (s.phase === "joined" && last?.question && !s.question) this.focusAfterQuestion();
  }
}

/** What gets the focus in each of them, and the buttons that open them. */
const firstIn: Record<Opened, string> = {
  editor: "share-editor",
  details: "details-list",
  chat: "chat-text",
  files: "files-heading",
};
const opens: Record<Opened, string> = { editor: "share-change", details: "details", chat: "chat", files: "files" };

function isLive(s: Snapshot): boolean {
  return s.phase === "joined" || s.phase === "away";
}

/** Whether the clipboard is shared now. */
function sharesClipboard(s: Snapshot): boolean {
  return s.rights.clipboard && s.phase === "joined" && !s.paused;
}

function isShared(s: Snapshot): boolean {
  return s.phase === "joined" && s.rights.view;
}
