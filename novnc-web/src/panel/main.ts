import { html, nothing, render } from "lit";
import { takeDrops } from "../common/drop.ts";
import { ChatModel } from "../common/chatlines.ts";
import { setFavicon } from "../common/favicon.ts";
import { browserLanguage } from "../common/language.ts";
import { keepPresses } from "../common/presses.ts";
import { panelTexts } from "../texts_gen/panel.ts";
import { keepChat, keptChat } from "./chatmemory.ts";
import { calmWords } from "./ended.ts";
import { GiveFiles } from "./givefiles.ts";
import { head } from "./head.ts";
import { PanelLink, type Trouble } from "./link.ts";
import { PanelView } from "./panelview.ts";
import type { Snapshot } from "./snapshot.ts";
import { Thumbnail } from "./thumbnail.ts";

/** The customer's panel: it shows the agent's state and sends the customer's decisions. */
class Panel {
  private readonly body = document.getElementById("page")!;
  private readonly chat = new ChatModel("customer", keptChat(), keepChat);
  private readonly link = new PanelLink(
    (s) => this.update(s),
    (t) => this.trouble(t),
    this.chat,
  );
  private readonly giving = new GiveFiles(() => this.link.openGive());
  private built: PanelView | null = null;
  private last: Snapshot | null = null;

  start(): void {
    const t = panelTexts[browserLanguage()];
    setFavicon("waiting");
    keepPresses();
    takeDrops({
      accepts: () => this.built?.accepts ?? false,
      dragging: (on) => this.built?.drag(on),
      dropped: (picked) => this.built?.accepts && this.built.give(picked),
    });
    document.title = "Lotse";
    render(
      html`<div class="panel-page">
        <main class="front">
          <div class="pending" role="status"><h1 class="lead">${t.loading}</h1></div>
        </main>
      </div>`,
      this.body,
    );
    void this.link.start();
  }

  private update(s: Snapshot): void {
    if (this.built?.lang !== s.lang) {
      this.built?.dispose();
      const t = panelTexts[s.lang];
      const thumbnail = new Thumbnail(t.thumbnail, () => this.link.thumbnail());
      this.built = new PanelView(s.lang, this.body, this.link, thumbnail, this.chat, { giving: this.giving });
    }
    this.last = s;
    this.built.update(s);
  }

  /** Shows that the agent is unreachable, and no other state. */
  private trouble(trouble: Trouble): void {
    this.built?.dispose();
    this.giving.stop();
    const t = panelTexts[this.last?.lang ?? browserLanguage()];
    const gone = trouble === "gone";
    const words = gone ? t.gone : t.stranger;
    setFavicon("over");
    document.title = words + " – Lotse";
    render(
      html`<div class="panel-page">
        ${head(this.last, this.last?.gateway ?? "", nothing)}
        <main class="front parting" data-testid=${"trouble-" + trouble}>
          <h1 tabindex="-1" data-testid="trouble">${words}</h1>
          <p>${gone ? calmWords(this.last, t) : t.strangerHint}</p>
        </main>
      </div>`,
      this.body,
    );
    this.body.querySelector<HTMLElement>("[data-testid=trouble]")?.focus();
  }
}

new Panel().start();
