import { copyText } from "../common/copy.ts";
import { button, h, setText, show } from "../common/dom.ts";
import { grouped, spoken } from "../common/number.ts";
import { maxTries } from "../seal/index.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import type { CommonTexts } from "../texts_gen/common.ts";
import type { Session } from "./session.ts";

/** Shown before the customer enters: the number, how to pass it on, and what happens next. */
export class WaitingPanel {
  readonly root: HTMLElement;
  private readonly attempt = h("p", { class: "notice", role: "status", "data-testid": "attempt" });
  private readonly expires = h("p", { class: "muted", "data-testid": "expires" });

  constructor(
    private readonly session: Session,
    private readonly t: AdvisorTexts,
    common: CommonTexts,
    private readonly clock: (d: Date) => string,
  ) {
    const { number } = session;
    const link = `${location.origin}/#p=${number.slice(0, 4)}`;
    const copied = h("p", { class: "muted", role: "status", "data-testid": "copied" });
    const copy = async (what: string) => setText(copied, (await copyText(what)) ? common.copied : t.waiting.notCopied(what));
    // Read aloud by its label only, digit by digit.
    const digits = h(
      "p",
      { class: "number", role: "img", "aria-label": spoken(number), "data-testid": "number" },
      grouped(number),
    );
    const steps = [t.waiting.stepOpen(location.host), t.waiting.stepType, t.waiting.stepAllow];
    this.root = h(
      "div",
      { class: "card waiting", "data-testid": "waiting" },
      h("h2", {}, t.waiting.heading),
      digits,
      h("p", { class: "lead" }, t.waiting.read),
      h(
        "div",
        { class: "row" },
        button("copy-number", t.waiting.copyNumber, () => void copy(grouped(number)), { class: "primary" }),
        button("copy-link", t.waiting.copyLink, () => void copy(link)),
      ),
      copied,
      this.attempt,
      h("ol", { class: "steps" }, ...steps.map((step) => h("li", {}, step))),
      h("p", { class: "muted" }, t.waiting.link + ": ", h("code", { "data-testid": "invitation" }, link)),
      h("p", { class: "muted" }, t.waiting.linkWarning),
      this.expires,
    );
  }

  update(): void {
    const { expires } = this.session;
    const words = this.attemptWords();
    setText(this.attempt, words);
    show(this.attempt, words !== "");
    setText(this.expires, expires ? this.t.waiting.expires(this.clock(expires)) : "");
  }
  private attemptWords(): string {
    const { t } = this;
    const { attempt, wrongTries } = this.session;
    const tries = [String(wrongTries), String(maxTries)] as const;
    switch (attempt) {
      case "checking":
        return t.waiting.checking;
      case "used":
        return t.waiting.used;
      case "wrong":
        return wrongTries === maxTries - 1 ? t.waiting.wrongLast(...tries) : t.waiting.wrong(...tries);
      default:
        return "";
    }
  }
}
