import { button, h, setText, show } from "../common/dom.ts";
import { setFavicon, type Mood } from "../common/favicon.ts";
import { brand } from "../common/header.ts";
import { PanelLink, type Trouble } from "./link.ts";
import { NumberForm } from "./numberform.ts";
import { QuestionCard } from "./questioncard.ts";
import { SessionCard } from "./sessioncard.ts";
import type { Snapshot } from "./snapshot.ts";
import { texts, type Texts } from "./texts.ts";

/** The customer's panel: it shows what the agent says and passes on what he decides. */
class Panel {
  private readonly body = document.getElementById("page")!;
  private readonly link = new PanelLink(
    (s) => this.update(s),
    (t) => this.trouble(t),
  );
  private built: Built | null = null;
  private last: Snapshot | null = null;

  start(): void {
    const t = texts[browserLanguage()];
    setFavicon("waiting");
    document.title = "Lotse";
    this.body.replaceChildren(h("main", { class: "panel" }, h("p", { class: "lead", role: "status" }, t.loading)));
    void this.link.start();
  }

  private update(s: Snapshot): void {
    if (this.built?.lang !== s.lang) {
      this.built = new Built(s.lang, this.link);
      this.body.replaceChildren(brandBar(s.gateway), this.built.root);
      this.last = null;
    }
    this.built.update(s, this.last);
    this.last = s;
  }

  /** The agent is not there; nothing is claimed but that. */
  private trouble(trouble: Trouble): void {
    const t = texts[this.last?.lang ?? browserLanguage()];
    const heading = h("h1", { tabindex: "-1", "data-testid": "trouble" }, trouble === "gone" ? t.gone : t.stranger);
    setFavicon("over");
    document.title = heading.textContent + " – Lotse";
    this.body.replaceChildren(
      h(
        "main",
        { class: "panel" },
        h(
          "div",
          { class: "card", "data-testid": "trouble-" + trouble },
          heading,
          h("p", { class: "lead" }, trouble === "gone" ? t.endedCalm : t.strangerHint),
        ),
      ),
    );
    heading.focus();
  }
}

/** The page's parts in one language. */
class Built {
  readonly root: HTMLElement;
  private readonly t: Texts;
  private readonly number: NumberForm;
  private readonly question: QuestionCard;
  private readonly session: SessionCard;
  private readonly answer = h("p", { class: "loud", role: "alert", "data-testid": "answer-mode" });
  private readonly connecting: HTMLElement;
  private readonly ended: HTMLElement;
  private readonly endedHeading: HTMLElement;
  private readonly endedReason = h("p", { class: "lead", "data-testid": "ended-reason" });

  constructor(
    readonly lang: Snapshot["lang"],
    link: PanelLink,
  ) {
    const t = (this.t = texts[lang]);
    document.documentElement.lang = lang;
    this.number = new NumberForm(t, (n) => link.enter(n));
    this.question = new QuestionCard(t, (id, allow) => link.answer(id, allow));
    this.session = new SessionCard(t, { take: (r) => link.take(r), pause: (on) => link.pause(on), end: () => link.end() });
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
    );
    this.root = h(
      "main",
      { class: "panel" },
      this.answer,
      this.number.root,
      this.connecting,
      this.question.root,
      this.session.root,
      this.ended,
    );
  }

  update(s: Snapshot, last: Snapshot | null): void {
    const { t } = this;
    const who = s.advisor?.name || (s.lang === "de" ? "Ihr Berater" : "Your advisor");
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
    this.question.update(connected ? s : { ...s, question: null }, who);
    setText(this.endedReason, t.reason(s.reason, s.error?.message ?? ""));
    const look = lookOf(s, t);
    setFavicon(look.mood);
    document.title = look.title + " – Lotse";
    this.moveFocus(s, last);
  }

  /** Reading goes on where something new is; the question takes the focus by itself. */
  private moveFocus(s: Snapshot, last: Snapshot | null): void {
    if (s.phase === "number" && last?.phase !== "number") this.number.focus();
    else if (s.phase === "ended" && last?.phase !== "ended") this.endedHeading.focus();
    else if (s.phase === "joined" && !s.question && (last?.question || last?.phase === "connecting")) this.session.focus();
  }
}

function brandBar(gateway: string): HTMLElement {
  return h("header", { class: "top" }, brand(gateway));
}

function lookOf(s: Snapshot, t: Texts): { title: string; mood: Mood } {
  if (s.question) return { title: `❓ ${t.questionTitle}`, mood: "question" };
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
  return { title: t.title.joined, mood: "joined" };
}

function browserLanguage(): "de" | "en" {
  return navigator.language.toLowerCase().startsWith("de") ? "de" : "en";
}

new Panel().start();
