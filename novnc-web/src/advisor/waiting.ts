import { copyText } from "../common/copy.ts";
import { button, h, setText, show } from "../common/dom.ts";
import { grouped, spoken } from "../common/number.ts";
import { maxTries } from "../seal/index.ts";
import type { Session } from "./session.ts";
import type { Texts } from "./texts.ts";

/** Before the customer is there: the number, how to hand it over, what happens next. */
export class WaitingPanel {
  readonly root: HTMLElement;
  private readonly attempt = h("p", { class: "notice", role: "status", "data-testid": "attempt" });
  private readonly expires = h("p", { class: "muted", "data-testid": "expires" });

  constructor(
    private readonly session: Session,
    private readonly t: Texts,
    private readonly clock: (d: Date) => string,
  ) {
    const { number } = session;
    const link = `${location.origin}/#p=${number.slice(0, 4)}`;
    const copied = h("p", { class: "muted", role: "status", "data-testid": "copied" });
    const copy = async (what: string) => setText(copied, (await copyText(what)) ? t.waiting.copied : t.waiting.notCopied(what));
    // Read by its label only, digit by digit.
    const digits = h(
      "p",
      { class: "number", role: "img", "aria-label": spoken(number), "data-testid": "number" },
      grouped(number),
    );
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
      h("ol", { class: "steps" }, ...t.waiting.steps.map((step) => h("li", {}, step))),
      h("p", { class: "muted" }, t.waiting.link + ": ", h("code", { "data-testid": "invitation" }, link)),
      h("p", { class: "muted" }, t.waiting.linkWarning),
      this.expires,
    );
  }

  update(): void {
    const { attempt, expires, wrongTries } = this.session;
    const { checking, wrong, used } = this.t.waiting;
    const words = attempt === null ? "" : { checking, used, wrong: wrong(wrongTries, maxTries) }[attempt];
    setText(this.attempt, words);
    show(this.attempt, words !== "");
    setText(this.expires, expires ? this.t.waiting.expires(this.clock(expires)) : "");
  }
}
