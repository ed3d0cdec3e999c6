import { button, h, setText } from "../common/dom.ts";
import { setFavicon, type Mood } from "../common/favicon.ts";
import { brand, languageSwitch } from "../common/header.ts";
import { preferredLanguage } from "../common/language.ts";
import { drawNumber, grouped, parseNumber } from "../common/number.ts";
import { advisorTexts } from "../texts_gen/advisor.ts";
import { commonTexts } from "../texts_gen/common.ts";
import { Api, type Me, type SessionEntry } from "./api.ts";
import { confirmDialog } from "./dialog.ts";
import { problemWords } from "./problem.ts";
import { Session } from "./session.ts";
import { SessionView } from "./sessionview.ts";
import { signInForm } from "./signin.ts";
import { forget, forgetAll, keep, keptSessions } from "./store.ts";

const checkEvery = 15_000;

/** The advisor's page: the signed-in advisor, the sessions, and the selected session. */
class AdvisorPage {
  private readonly api = new Api();
  private readonly body = document.getElementById("page")!;
  private gateway = location.hostname;
  private me: Me | null = null;
  private sessions: Session[] = [];
  private elsewhere: SessionEntry[] = [];
  private selected: Session | null = null;
  private views = new Map<Session, SessionView>();
  private listPlace = h("ul", { class: "session-list", "data-testid": "session-list" });
  private detail = h("div", { class: "detail" });
  private problem = h("p", { class: "error", role: "alert", "data-testid": "problem" });
  private signInNote = "";
  private silent = 0;

  async start(): Promise<void> {
    this.api.onunauthorized = () => {
      if (!this.me) return;
      this.signInNote = this.t.signIn.ended;
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
      this.render();
    }
    setInterval(() => void this.check(), checkEvery);
    window.addEventListener("online", () => void this.check());
    // While the page was asleep its lines may have died.
    document.addEventListener("visibilitychange", () => !document.hidden && void this.check());
  }

  private get t() {
    return advisorTexts[preferredLanguage()];
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
    if (++this.silent === 2) for (const s of this.sessions) s.lineLost();
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
    const known = this.sessions.some((s) => s.number === number);
    if (known || !open.some((s) => s.place === place)) return;
    const { t } = this;
    const question = t.takeUp.question(grouped(number));
    const words = { question, meaning: t.takeUp.meaning, yes: t.takeUp.yes, no: t.takeUp.no };
    confirmDialog(this.body, words, () => {
      for (const s of this.sessions.filter((s) => s.place === place)) {
        s.leave();
        this.remove(s);
      }
      const session = new Session(this.api, { number, origin: null }, () => this.update());
      keep({ number, origin: null });
      this.elsewhere = this.elsewhere.filter((s) => s.place !== place);
      this.add(session);
      this.select(session);
    });
  }

  private async enter(me: Me): Promise<void> {
    this.me = me;
    this.signInNote = "";
    const open = await this.api.sessions().catch(() => []);
    for (const kept of keptSessions()) {
      if (open.some((s) => s.place === kept.number.slice(0, 4))) this.add(new Session(this.api, kept, () => this.update()));
      else forget(kept.number);
    }
    this.elsewhere = open.filter((s) => !this.sessions.some((own) => own.place === s.place));
    this.selected = this.sessions.at(-1) ?? null;
    this.render();
    this.takeFromLink(open);
  }

  private leave(): void {
    for (const s of this.sessions) s.leave();
    this.me = null;
    this.sessions = [];
    this.elsewhere = [];
    this.selected = null;
    this.render();
  }

  private async signOut(): Promise<void> {
    await this.api.signOut().catch(() => {});
    forgetAll();
    this.signInNote = "";
    this.leave();
  }

  private add(session: Session): void {
    this.sessions.push(session);
  }

  private async newSession(): Promise<void> {
    this.tell("");
    try {
      const place = await this.api.newSession();
      const session = new Session(this.api, { number: drawNumber(place), origin: null }, () => this.update());
      this.add(session);
      this.select(session);
      this.views.get(session)?.focus();
    } catch (e) {
      this.tell(problemWords(e, this.t));
    }
  }

  private tell(words: string): void {
    setText(this.problem, words);
    this.problem.hidden = words === "";
  }

  private select(session: Session | null): void {
    this.selected = session;
    this.update();
  }

  private async refreshElsewhere(): Promise<void> {
    const open = await this.api.sessions().catch(() => null);
    if (!open) return;
    this.elsewhere = open.filter((s) => !this.sessions.some((own) => own.place === s.place));
    this.update();
  }

  private async endElsewhere(place: string): Promise<void> {
    try {
      await this.api.endSession(place);
    } catch (e) {
      this.tell(problemWords(e, this.t));
    }
    await this.refreshElsewhere();
  }

  private remove(session: Session): void {
    this.sessions = this.sessions.filter((s) => s !== session);
    this.views.get(session)?.dispose();
    this.views.delete(session);
    this.select(this.sessions.at(-1) ?? null);
  }

  /** Rebuilds the page, after signing in or out and after a change of language. */
  private render(): void {
    const { t, me } = this;
    document.documentElement.lang = preferredLanguage();
    for (const view of this.views.values()) view.dispose();
    this.views.clear();
    const head = h(
      "header",
      { class: "top" },
      brand(this.gateway),
      h("span", { class: "gap" }),
      languageSwitch(commonTexts[preferredLanguage()].language, () => this.render()),
    );
    if (me) {
      const who = [me.display || me.name, me.company].filter(Boolean).join(", ");
      head.append(
        h("span", { class: "who", "data-testid": "me" }, who),
        button("signout", t.signOut, () => void this.signOut(), { class: "quiet" }),
      );
    }
    this.body.replaceChildren(head, me ? this.workplace() : h("main", { class: "centre" }, this.signIn()));
    this.update();
  }

  private signIn(): HTMLElement {
    return signInForm(this.api, this.t, this.signInNote, (me) => void this.enter(me));
  }

  private workplace(): HTMLElement {
    const { t } = this;
    this.tell("");
    this.detail.replaceChildren();
    return h(
      "main",
      { class: "workplace" },
      h(
        "nav",
        { class: "side", "aria-label": t.sessions.heading },
        button("new-session", t.sessions.fresh, () => void this.newSession(), { class: "primary wide" }),
        this.problem,
        h("h2", {}, t.sessions.heading),
        this.listPlace,
      ),
      this.detail,
    );
  }

  private update(): void {
    const { t, me, selected } = this;
    setFavicon(mood(selected));
    document.title = title(selected, t.title + " – " + this.gateway, t.sessions.phase);
    this.body.classList.toggle("viewing", selected?.view.phase === "shown");
    if (!me) return;
    this.updateList();
    this.detail.classList.toggle("empty", !selected);
    if (!selected) {
      if (!this.detail.querySelector(".card")) this.detail.replaceChildren(h("p", { class: "card lead" }, t.sessions.freshHint));
      return;
    }
    let view = this.views.get(selected);
    if (!view) {
      view = new SessionView(selected, t, commonTexts[preferredLanguage()], this.clock);
      this.views.set(selected, view);
    }
    if (this.detail.firstChild !== view.root) this.detail.replaceChildren(view.root);
    view.update();
  }

  private updateList(): void {
    const { t } = this;
    const focused = document.activeElement?.getAttribute("data-key");
    const own = this.sessions.map((s) => {
      const choose = h(
        "button",
        {
          type: "button",
          class: "session-choice",
          "aria-current": String(s === this.selected),
          "data-testid": "session-" + s.place,
          "data-key": s.place,
          "data-state": s.phase,
          onclick: () => this.select(s),
        },
        h("strong", {}, grouped(s.number)),
        h("span", { class: "muted" }, t.sessions.phase[s.phase]),
      );
      if (s.phase !== "ended") return h("li", {}, choose);
      return h(
        "li",
        {},
        choose,
        button("remove-" + s.place, t.sessions.close, () => this.remove(s), { class: "quiet" }),
      );
    });
    const others = this.elsewhere.map((s) =>
      h(
        "li",
        { "data-testid": "elsewhere-" + s.place },
        h(
          "div",
          { class: "session-choice" },
          h("strong", {}, s.place + " …"),
          h("span", { class: "muted" }, `${t.sessions.phase[s.phase]}, ${t.sessions.elsewhere}`),
        ),
        button("end-" + s.place, t.sessions.end, () => void this.endElsewhere(s.place), { class: "quiet" }),
      ),
    );
    const items = [...own, ...others];
    this.listPlace.replaceChildren(...(items.length ? items : [h("li", { class: "muted" }, t.sessions.none)]));
    if (focused) this.listPlace.querySelector<HTMLElement>(`[data-key="${focused}"]`)?.focus();
  }
}

function mood(session: Session | null): Mood {
  if (!session) return "idle";
  if (session.phase === "ended") return "over";
  if (session.phase !== "joined") return "waiting";
  if (session.shared.rights.control) return "controlled";
  return session.view.phase === "shown" ? "seen" : "joined";
}

function title(session: Session | null, page: string, phases: Record<Session["phase"], string>): string {
  return session ? `${grouped(session.number)} – ${phases[session.phase]}` : page;
}

void new AdvisorPage().start();
