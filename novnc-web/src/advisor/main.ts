import { html, nothing, render, type TemplateResult } from "lit";
import { setFavicon, type Mood } from "../common/favicon.ts";
import { preferredLanguage, rememberLanguage } from "../common/language.ts";
import { drawNumber, grouped, parseNumber, parsePlace } from "../common/number.ts";
import { advisorTexts } from "../texts_gen/advisor.ts";
import { commonTexts } from "../texts_gen/common.ts";
import { RecordFiles } from "../record/files.ts";
import { recordTexts } from "../texts_gen/record.ts";
import type { Language } from "../texts_gen/languages.ts";
import { button } from "../ui/controls.ts";
import { confirmDialog } from "../ui/dialog.ts";
import { brand, languageSwitch } from "../ui/header.ts";
import { Api, type Me, type SessionEntry } from "./api.ts";
import { allowAttention, attract, News } from "./attention.ts";
import { barHandle, dotOf, sessionControls, tabs, type Dot, type TabActions } from "./bar.ts";
import { card } from "./cards.ts";
import { chatPartner, chatSide, isChatOpen } from "./chatside.ts";
import { customerName } from "./customer.ts";
import { Desk } from "./desk.ts";
import { takeDrops } from "../common/drop.ts";
import { endedView, replacedView } from "./ended.ts";
import { dropArea, filePicker, filesSide, isFilesOpen, offerFiles } from "./filesside.ts";
import { removeLeftovers } from "../common/filetarget.ts";
import { ForeignServer } from "./foreign.ts";
import { Joining } from "./joining.ts";
import { OwnViewer } from "./ownviewer.ts";
import { problemWords } from "./problem.ts";
import { Session } from "./session.ts";
import { SignIn } from "./signin.ts";
import { stage } from "./stage.ts";
import { forget, forgetAll, keptSessions, type Kept } from "./store.ts";
import { waitingView } from "./waiting.ts";

const checkEvery = 15_000;

/** What belongs to one session on this page only. */
interface Place {
  session: Session;
  foreign: ForeignServer;
  ownViewer: OwnViewer;
  /** The customer was here already: joining again is no news. */
  joined: boolean;
  /** The customer has joined while another session was in sight. */
  news: boolean;
}

/** The advisor's page: the signed-in advisor, the sessions, and the selected session. */
class AdvisorPage {
  private readonly api = new Api();
  private readonly body = document.getElementById("page")!;
  private readonly desk: Desk;
  private readonly signIn: SignIn;
  private readonly records = new RecordFiles();
  private gateway = location.hostname;
  private me: Me | null = null;
  private places: Place[] = [];
  private elsewhere: SessionEntry[] = [];
  private selected: Place | null = null;
  /** The form with which a colleague joins; null: it is not shown. */
  private joining: Joining | null = null;
  /** The invitations that the advisor knows of, by place. */
  private invitations = new Set<string>();
  private problem = "";
  private silent = 0;
  private readonly chatNews = new News((s) => s.chat.unread);
  private readonly fileNews = new News((s) => s.files.unseen);
  private drawing = false;
  private barOut = false;

  constructor() {
    const language = preferredLanguage();
    this.desk = new Desk(advisorTexts[language], commonTexts[language], recordTexts[language], this.clock, () => this.update());
    this.signIn = new SignIn(
      this.api,
      (me) => void this.enter(me),
      () => this.update(),
    );
  }

  async start(): Promise<void> {
    document.documentElement.lang = preferredLanguage();
    void removeLeftovers();
    this.api.onunauthorized = () => {
      if (!this.me) return;
      this.signIn.tell(this.desk.t.signIn.ended);
      this.leave();
    };
    // Draw nothing before it is known whether somebody is signed in: drawing the form again would
    // lose typed text.
    await this.api.gatewayName().then(
      (name) => (this.gateway = name || this.gateway),
      () => {},
    );
    try {
      await this.enter(await this.api.me());
    } catch {
      this.update();
    }
    setInterval(() => void this.check(), checkEvery);
    setInterval(() => {
      // Countdowns, and files that may have stopped moving.
      if (this.places.some(({ session: s }) => Object.keys(s.until).length > 0 || s.files.moving)) this.update();
    }, 1000);
    window.addEventListener("online", () => void this.check());
    // While the page was asleep its lines may have died.
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return;
      this.update(); // lines of the chat may have been seen now
      void this.check();
    });
    document.addEventListener("fullscreenchange", () => this.fullScreenChanged());
    document.addEventListener("pointerdown", (e) => this.pressedOutside(e), true);
    document.addEventListener("keydown", (e) => this.key(e), true);
    window.addEventListener("beforeunload", (e) => {
      // Ctrl+W meant for the customer's window must not end the advisor's page without a question.
      // Nor may a file or a film be cut off.
      if (this.places.some(({ session }) => session.view.phase === "shown" || session.files.moving || session.recording.busy))
        e.preventDefault();
    });
    takeDrops({
      accepts: () => this.selected?.session.cannotOffer === "",
      dragging: (on) => this.drag(on),
      dropped: (picked) => {
        if (this.selected) offerFiles(this.selected.session, this.desk, picked, true);
        else if (this.me) this.desk.say(this.desk.t.files.cannot.nobody);
      },
    });
  }

  private drag(on: boolean): void {
    if (on === this.desk.dragging) return;
    this.desk.dragging = on;
    this.update();
  }

  private readonly clock = (d: Date): string => d.toLocaleTimeString(preferredLanguage(), { hour: "2-digit", minute: "2-digit" });

  /** Asks the gateway now and then, since a dead network does not close any socket. */
  private async check(): Promise<void> {
    if (!this.me) return;
    if (await this.api.reachable()) {
      this.silent = 0;
      await this.refreshElsewhere();
      return;
    }
    // One failure may be temporary. Dropping a working line would make the customer answer again.
    if (++this.silent === 2) for (const p of this.places) p.session.lineLost();
  }

  /**
   * Takes over a session that another of the advisor's programs has opened, if the page's address
   * contains its number. Asks the advisor first, because any page can contain such a link and the
   * other program loses the session.
   */
  private takeFromLink(open: SessionEntry[]): void {
    const number = parseNumber(new URLSearchParams(location.hash.slice(1)).get("n") ?? "");
    if (number === "") return;
    history.replaceState(null, "", location.pathname);
    const place = number.slice(0, 4);
    const known = this.places.some((p) => p.session.number === number);
    if (known || !open.some((s) => s.place === place)) return;
    const { t } = this.desk;
    const confirmed = () => {
      for (const { session } of this.places.filter((p) => p.session.place === place)) {
        session.leave();
        this.remove(session);
      }
      this.elsewhere = this.elsewhere.filter((s) => s.place !== place);
      this.select(this.add({ number, origin: null, viewing: false }).session);
    };
    this.desk.ask({
      question: t.takeUp.question(grouped(number)),
      meaning: t.takeUp.meaning,
      yes: t.takeUp.yes,
      no: t.takeUp.no,
      confirmed,
    });
  }

  private async enter(me: Me): Promise<void> {
    this.me = me;
    this.signIn.tell("");
    const open = await this.api.sessions().catch(() => []);
    for (const kept of keptSessions()) {
      if (open.some((s) => s.place === kept.number.slice(0, 4))) this.add(kept);
      else forget(kept.number);
    }
    this.elsewhere = open.filter((s) => !this.places.some((p) => p.session.place === s.place));
    this.selected = this.places.at(-1) ?? null;
    this.update();
    this.takeFromLink(open);
    this.noticeInvitations();
    const invited = parsePlace(new URLSearchParams(location.hash.slice(1)).get("c") ?? "");
    const entry = this.elsewhere.find((e) => e.place === invited && e.advisor);
    if (invited !== "") history.replaceState(null, "", location.pathname);
    if (entry) this.joinAsked(entry);
  }

  /** Draws attention to another advisor who asks this one to join. */
  private noticeInvitations(): void {
    const { t } = this.desk;
    const invited = this.elsewhere.filter((e) => e.advisor);
    for (const e of invited) if (!this.invitations.has(e.place)) attract(t.title, t.colleague.invited(e.advisor?.name ?? ""));
    this.invitations = new Set(invited.map((e) => e.place));
    if (this.joining && !this.invitations.has(this.joining.entry.place)) this.joining = null;
  }

  private joinAsked(entry: SessionEntry): void {
    const join = (number: string) => {
      this.joining = null;
      this.elsewhere = this.elsewhere.filter((e) => e.place !== entry.place);
      this.select(this.add({ number, origin: null, viewing: false, guest: true }).session);
    };
    this.select(null);
    this.joining = new Joining(entry, join, () => this.update());
    this.update();
  }

  private leave(): void {
    for (const { session } of this.places) session.leave();
    this.me = null;
    this.places = [];
    this.elsewhere = [];
    this.selected = null;
    this.desk.card = "";
    this.update();
  }

  private async signOut(): Promise<void> {
    await this.api.signOut().catch(() => {});
    forgetAll();
    this.leave();
  }

  private add(kept: Kept): Place {
    const changed = () => this.update();
    const session = new Session(this.api, kept, changed);
    const place = {
      session,
      foreign: new ForeignServer(session, changed),
      ownViewer: new OwnViewer(),
      joined: kept.origin !== null,
      news: false,
    };
    this.places.push(place);
    return place;
  }

  private async newSession(): Promise<void> {
    allowAttention();
    this.tell("");
    try {
      const place = await this.api.newSession();
      this.select(this.add({ number: drawNumber(place), origin: null, viewing: false }).session);
    } catch (e) {
      this.tell(problemWords(e, this.desk.t));
    }
  }

  private tell(words: string): void {
    this.problem = words;
    this.update();
  }

  private select(session: Session | null): void {
    this.selected = this.places.find((p) => p.session === session) ?? null;
    if (this.selected) this.selected.news = false;
    this.joining = null;
    this.desk.card = "";
    this.update();
  }

  private async refreshElsewhere(): Promise<void> {
    const open = await this.api.sessions().catch(() => null);
    if (!open) return;
    this.elsewhere = open.filter((s) => !this.places.some((p) => p.session.place === s.place && p.session.phase !== "ended"));
    this.noticeInvitations();
    this.update();
  }

  private async endElsewhere(place: string): Promise<void> {
    try {
      await this.api.endSession(place);
    } catch (e) {
      this.tell(problemWords(e, this.desk.t));
    }
    await this.refreshElsewhere();
  }

  private remove(session: Session): void {
    this.places = this.places.filter((p) => p.session !== session);
    this.select(this.places.at(-1)?.session ?? null);
  }

  private choose(language: Language): void {
    rememberLanguage(language);
    document.documentElement.lang = language;
    this.desk.t = advisorTexts[language];
    this.desk.common = commonTexts[language];
    this.desk.record = recordTexts[language];
    this.update();
  }

  /** Closes the open card for a press outside it. The press still does what it would do anyway. */
  private pressedOutside(e: Event): void {
    if (!(e.target instanceof Element) || e.target.closest(".over, .bar, dialog")) return;
    if (this.barOut) this.moveBar(false);
    if (this.desk.card !== "") this.desk.open("");
  }

  /**
   * Escape closes the card, or else the chat or the files if the keyboard is there. Ctrl+Alt+Shift
   * takes the keyboard from the picture to the bar.
   */
  private key(e: KeyboardEvent): void {
    if (e.key === "Escape" && this.desk.card !== "") {
      e.preventDefault();
      e.stopPropagation();
      this.desk.open("");
    } else if (e.key === "Escape" && e.target instanceof Element && e.target.closest(".side")) {
      e.preventDefault();
      e.stopPropagation();
      this.desk.closeSide();
    } else if (e.ctrlKey && e.altKey && e.shiftKey && ["Control", "Alt", "Shift", "Meta"].includes(e.key)) {
      e.preventDefault();
      e.stopPropagation(); // or the picture would get the last of the three keys
      this.selected?.session.view.blur();
      this.body.querySelector<HTMLElement>(".bar [aria-current]")?.focus();
    }
  }

  private async toggleFullScreen(): Promise<void> {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await this.body.requestFullscreen().catch(() => {}); // not available on every device
  }

  /** Shows or hides the bar over the picture, in full screen on a device without a mouse. */
  private moveBar(out: boolean): void {
    this.barOut = out;
    this.update();
  }

  private fullScreenChanged(): void {
    this.barOut = false;
    // In full screen, keys that the system keeps to itself can reach the picture, such as Alt+Tab.
    const keyboard = (navigator as { keyboard?: { lock(): Promise<void>; unlock(): void } }).keyboard;
    if (document.fullscreenElement) {
      void keyboard?.lock().catch(() => {});
      this.selected?.session.view.focus();
    } else {
      keyboard?.unlock();
    }
    this.update();
  }

  private askEnd(session: Session): void {
    const { t } = this.desk;
    const { guest } = session;
    this.desk.ask({
      question: guest ? t.colleague.leaveQuestion : t.session.endQuestion,
      meaning: guest ? t.colleague.leaveMeaning : t.session.endMeaning,
      yes: guest ? t.colleague.leave : t.session.endYes,
      no: guest ? t.colleague.leaveNo : t.session.endNo,
      // If that fails, the line is shown as interrupted, and the advisor can try again.
      confirmed: () => void session.end().catch(() => {}),
    });
  }

  /** Draws the page soon, once for all changes until then. */
  private update(): void {
    if (this.drawing) return;
    this.drawing = true;
    queueMicrotask(() => {
      this.drawing = false;
      this.notice();
      this.draw();
    });
  }

  /** What follows from the sessions' new states: news for the advisor, and pictures that end. */
  private notice(): void {
    const { t } = this.desk;
    for (const p of this.places) {
      const { session } = p;
      if (!p.foreign.usable) p.foreign.stop();
      if (session.phase !== "joined") p.ownViewer.forget();
      this.noticeChat(p);
      this.noticeFiles(p);
      if (session.phase !== "joined" || p.joined || !session.customer) continue;
      p.joined = true;
      attract(t.title, t.joined(customerName(session, t), grouped(session.number)));
      p.news = p !== this.selected;
      // Once by itself, where there is room beside what the advisor does next.
      if (!p.news && this.desk.card === "" && matchMedia("(min-width: 68rem)").matches) this.desk.card = "lock";
    }
    const { desk } = this;
    if (desk.card === "clipboard" && !this.selected?.session.shared.rights.clipboard) desk.card = "";
    if (desk.card === "colleague" && (!this.selected || this.selected.session.guest)) desk.card = "";
    if (["lock", "keys", "colleague"].includes(desk.card) && this.selected?.session.phase !== "joined") desk.card = "";
  }

  /** The lines of an open chat are seen. Others draw the advisor's attention. */
  private noticeChat({ session }: Place): void {
    const { desk } = this;
    const onPage = session === this.selected?.session && !document.hidden;
    if (onPage && (session.phase === "ended" || isChatOpen(session, desk))) session.chat.see();
    if (this.chatNews.isNew(session)) attract(desk.t.title, desk.t.chat.news(chatPartner(session, desk)));
  }

  /** A file of the customer opens the list, unless something else is at the side. */
  private noticeFiles({ session }: Place): void {
    const { desk } = this;
    if (this.fileNews.isNew(session)) attract(desk.t.title, desk.t.files.news(chatPartner(session, desk)));
    if (session !== this.selected?.session || session.files.unseen === 0) return;
    if (desk.side?.of !== session && session.phase !== "ended") desk.side = { what: "files", of: session };
    if (!document.hidden && (session.phase === "ended" || isFilesOpen(session, desk))) session.files.see();
  }

  private draw(): void {
    const { desk, me, selected } = this;
    const session = selected?.session ?? null;
    setFavicon(session ? moods[dotOf(session)] : "idle");
    const news = this.places.reduce((n, p) => n + (p.news ? 1 : 0) + p.session.chat.unread + p.session.files.unseen, 0);
    document.title =
      (news > 0 ? `(${news}) ` : "") +
      (session
        ? `${customerName(session, desk.t) || grouped(session.number)} – ${desk.t.sessions.phase[session.phase]}`
        : `${desk.t.title} – ${this.gateway}`);
    this.body.classList.toggle("desk", me !== null);
    render(me ? this.workplace(me) : this.front(), this.body);
  }

  /** The page of somebody who is not signed in. */
  private front(): TemplateResult {
    return html`<header class="top">${brand(this.gateway)}<span class="gap"></span>${this.languages}</header>
      <main class="centre">${this.signIn.view(this.desk.t)}</main>`;
  }

  private workplace(me: Me): TemplateResult {
    const { desk, selected } = this;
    const act: TabActions = {
      select: (s) => this.select(s),
      remove: (s) => this.remove(s),
      endElsewhere: (e) => void this.endElsewhere(e.place),
      joinAsked: (e) => this.joinAsked(e),
      fresh: () => void this.newSession(),
    };
    return html`<header class="bar" ?data-out=${this.barOut}>
        <span class="brand-mark" aria-hidden="true"></span>
        ${tabs(this.places, this.elsewhere, selected, desk, act)}
        <span class="gap"></span>
        ${
          selected
            ? sessionControls(
                selected.session,
                desk,
                () => void this.toggleFullScreen(),
                () => this.askEnd(selected.session),
              )
            : this.account(me)
        }
        ${barHandle(this.barOut, desk.t, () => this.moveBar(!this.barOut))}
      </header>
      <main class="place">
        ${selected ? this.sessionView(selected) : this.joining ? this.joining.view(desk) : this.empty()}
        ${dropArea(selected?.session ?? null, desk)}
        ${this.problem ? html`<p class="toast" data-tone="bad" role="alert" data-testid="problem">${this.problem}</p>` : nothing}
        ${desk.message ? html`<p class="toast page-message" role="status" data-testid="message">${desk.message}</p>` : nothing}
      </main>
      ${confirmDialog(desk.question, () => desk.ask(null))}`;
  }

  private sessionView(p: Place): TemplateResult {
    const { desk, me } = this;
    const { session } = p;
    const heading = desk.t.session.heading(grouped(session.number));
    return html`<section class="session" data-testid="session" data-phase=${session.phase} aria-label=${heading}>
      ${session.phase === "ended" ? nothing : html`<h1 class="unseen">${heading}</h1>`} ${this.content(p)}
      ${filePicker(session, desk)} ${chatSide(session, desk)} ${filesSide(session, desk)}
      ${card(session, desk, p.ownViewer, me ? this.account(me) : html``)}
    </section>`;
  }

  private content({ session, foreign }: Place): TemplateResult {
    const { desk } = this;
    if (session.phase === "ended") return endedView(session, desk, this.records, () => void this.newSession());
    if (session.line === "replaced") return replacedView(session, desk);
    if (session.phase !== "waiting") return stage(session, desk);
    return html`<div class="scroll">${session.foreign === "" ? waitingView(session, desk) : nothing} ${foreign.view(desk)}</div>`;
  }

  private empty(): TemplateResult {
    const { t } = this.desk;
    return html`<div class="centre column">
      <h1>${t.sessions.heading}</h1>
      <p class="lead">${t.sessions.freshHint}</p>
      ${button({ testid: "new-session-big", label: t.sessions.fresh, kind: "primary", act: () => void this.newSession() })}
    </div>`;
  }

  private get languages(): TemplateResult {
    return languageSwitch(this.desk.common.language, preferredLanguage(), (l) => this.choose(l));
  }

  private account(me: Me): TemplateResult {
    const { t } = this.desk;
    const who = [me.display || me.name, me.company].filter(Boolean).join(", ");
    return html`<span class="who cut" data-testid="me">${who}</span>${this.languages}
      ${button({ testid: "signout", label: t.signOut, kind: "quiet", act: () => void this.signOut() })}`;
  }
}

const moods: Record<Dot, Mood> = { waiting: "waiting", joined: "joined", seen: "seen", controlled: "controlled", over: "over" };

void new AdvisorPage().start();
