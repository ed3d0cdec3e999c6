import { button, h, setText, show } from "../common/dom.ts";
import type { Right } from "../common/rights.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import { combinations } from "./keys.ts";
import type { Session } from "./session.ts";
import type { Quality } from "./view.ts";

const qualities: Quality[] = ["sharp", "balanced", "sparing"];

/** What the advisor can do while viewing. */
export class Toolbar {
  readonly root: HTMLElement;
  private readonly askView: HTMLButtonElement;
  private readonly control: HTMLButtonElement;
  private readonly clipboard: HTMLButtonElement;
  private readonly share: HTMLButtonElement;
  private readonly showOwn: HTMLButtonElement;
  private readonly fit: HTMLButtonElement;
  private readonly actual: HTMLButtonElement;
  private readonly fullScreen: HTMLButtonElement;
  private readonly keys: HTMLButtonElement[];
  private readonly keysNote: HTMLElement;
  private readonly keysMenu: HTMLElement;

  constructor(
    private readonly session: Session,
    private readonly t: AdvisorTexts,
    /** The element for full screen: it includes the session's state and the button that ends it. */
    private readonly whole: HTMLElement,
    clipboard: HTMLElement,
  ) {
    const { view } = session;
    this.askView = button("ask-view", t.tools.askView, () => session.ask("view"), { class: "primary" });
    this.control = button("ask-control", t.tools.askControl, () => this.toggle("control"), { class: "primary" });
    this.clipboard = button("ask-clipboard", t.tools.askClipboard, () => this.toggle("clipboard"));
    this.share = button("ask-share", t.tools.askShare, () => session.ask("share"));
    this.showOwn = button("turn-show", t.show.start, () => void session.show.start());
    this.fit = button("scale-fit", t.tools.fit, () => this.scale(true));
    this.actual = button("scale-100", t.tools.actual, () => this.scale(false));
    this.fullScreen = button("full-screen", t.tools.fullScreen, () => void this.toggleFullScreen());
    this.keys = combinations.map(({ id, name, keys }) =>
      button("key-" + id, t.tools.key[name], () => {
        if (keys === "ctrl-alt-del") view.ctrlAltDel();
        else view.press(keys);
        view.focus();
      }),
    );
    this.keysNote = h("p", { class: "muted" }, t.tools.keysNeedControl);
    this.keysMenu = h(
      "details",
      { class: "menu", "data-testid": "keys" },
      h("summary", { "data-testid": "keys-open" }, t.tools.keys),
      h("div", { class: "menu-items" }, this.keysNote, ...this.keys),
    );
    const quality = h(
      "select",
      { id: "quality-" + session.place, "data-testid": "quality" },
      ...qualities.map((q) => h("option", { value: q }, t.tools.qualities[q])),
    );
    quality.value = view.quality;
    quality.addEventListener("change", () => {
      view.quality = qualities.find((q) => q === quality.value) ?? "balanced";
      view.applySettings();
    });
    this.root = h(
      "div",
      { class: "toolbar", role: "group", "aria-label": t.tools.label },
      // Two groups that wrap as wholes: the requests to the customer, and how the picture is shown.
      h("div", { class: "tools" }, this.askView, this.control, this.clipboard, clipboard, this.share, this.showOwn),
      h(
        "div",
        { class: "tools" },
        this.fit,
        this.actual,
        this.fullScreen,
        h("label", { for: "quality-" + session.place, class: "inline" }, t.tools.quality, " ", quality),
        this.keysMenu,
        button("view-close", t.view.close, () => view.close()),
      ),
    );
  }

  update(): void {
    const { session, t } = this;
    const { rights } = session.shared;
    show(this.root, session.view.phase === "shown");
    show(this.askView, !rights.view);
    this.label(this.askView, "view", t.tools.askView, t.tools.askView);
    this.label(this.control, "control", t.tools.askControl, t.tools.giveControl);
    this.label(this.clipboard, "clipboard", t.tools.askClipboard, t.tools.giveClipboard);
    show(this.control, rights.view && session.can("control"));
    show(this.clipboard, rights.view && session.can("clipboard"));
    // Nothing can be added to the whole screen.
    const more = session.shared.share !== null && session.shared.share.kind !== "screen";
    show(this.share, rights.view && more && session.can("share"));
    const asked = session.shared.asked.includes("share");
    setText(this.share, asked ? t.tools.asked.share : t.tools.askShare);
    this.share.disabled = !session.canAsk || asked;
    show(this.showOwn, session.can("show") && session.show.possible && !session.show.active);
    this.fit.setAttribute("aria-pressed", String(session.view.fit));
    this.actual.setAttribute("aria-pressed", String(!session.view.fit));
    setText(this.fullScreen, document.fullscreenElement === this.whole ? t.tools.leaveFullScreen : t.tools.fullScreen);
    for (const key of this.keys) key.disabled = !rights.control;
    show(this.keysNote, !rights.control);
    show(this.keysMenu, session.can("control"));
  }

  /** Sets a button's label and whether a request is possible at the moment. */
  private label(element: HTMLButtonElement, right: Exclude<Right, "show">, ask: string, giveBack: string): void {
    const { canAsk, shared } = this.session;
    const asked = shared.asked.includes(right);
    setText(element, shared.rights[right] ? giveBack : asked ? this.t.tools.asked[right] : ask);
    element.disabled = !canAsk || (asked && !shared.rights[right]);
    element.dataset["right"] = shared.rights[right] ? "given" : asked ? "asked" : "none";
  }

  private toggle(right: Right): void {
    if (this.session.shared.rights[right]) this.session.giveBack(right);
    else this.session.ask(right);
  }

  private scale(fit: boolean): void {
    this.session.view.fit = fit;
    this.session.view.applySettings();
    this.update();
  }

  private async toggleFullScreen(): Promise<void> {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await this.whole.requestFullscreen().catch(() => {}); // not available on every device
    this.update();
  }
}
