import { h } from "../common/dom.ts";
import { setFavicon } from "../common/favicon.ts";
import { brand } from "../common/header.ts";
import { browserLanguage } from "../common/language.ts";
import { keepPresses } from "../common/presses.ts";
import { panelTexts } from "../texts_gen/panel.ts";
import { PanelLink, type Trouble } from "./link.ts";
import { PanelView } from "./panelview.ts";
import type { Snapshot } from "./snapshot.ts";
import { Thumbnail } from "./thumbnail.ts";

/** The customer's panel: it shows the agent's state and sends the customer's decisions. */
class Panel {
  private readonly body = document.getElementById("page")!;
  private readonly link = new PanelLink(
    (s) => this.update(s),
    (t) => this.trouble(t),
  );
  private built: PanelView | null = null;
  private last: Snapshot | null = null;
  private readonly head = h("span");

  start(): void {
    const t = panelTexts[browserLanguage()];
    setFavicon("waiting");
    keepPresses();
    document.title = "Lotse";
    this.body.replaceChildren(h("main", { class: "panel" }, h("p", { class: "lead", role: "status" }, t.loading)));
    void this.link.start();
  }

  private update(s: Snapshot): void {
    if (this.built?.lang !== s.lang) {
      const t = panelTexts[s.lang];
      this.built?.dispose();
      this.built = new PanelView(s.lang, this.link, new Thumbnail(t.thumbnail, () => this.link.thumbnail()));
      this.body.replaceChildren(h("header", { class: "top" }, this.head), this.built.root);
      this.last = null;
    }
    // The gateway can be typed with the number, so its name may be known later than the page.
    if (this.last?.gateway !== s.gateway) this.head.replaceChildren(brand(s.gateway));
    this.built.update(s, this.last);
    this.last = s;
  }

  /** Shows that the agent is unreachable, and no other state. */
  private trouble(trouble: Trouble): void {
    this.built?.dispose();
    const t = panelTexts[this.last?.lang ?? browserLanguage()];
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

new Panel().start();
