import type RFB from "../common/boundedrfb.ts";
import { button, h, setText, show } from "../common/dom.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import type { PanelActions } from "./actions.ts";
import type { Snapshot } from "./snapshot.ts";

const pause = 700;

/** Shows the advisor's screen: an unmodified noVNC that sends nothing. */
export class ShowView {
  readonly root: HTMLElement;
  private readonly target = h("div", { class: "show-screen", "data-testid": "show-screen" });
  private readonly words = h("p", { class: "show-words", role: "status" });
  private rfb: RFB | null = null;
  private wanted = false;
  private attempt = 0;

  constructor(
    private readonly t: PanelTexts,
    private readonly actions: PanelActions,
  ) {
    this.target.setAttribute("role", "region");
    this.target.setAttribute("aria-label", t.show.label);
    const whole = button("show-larger", t.show.larger, () => void this.target.requestFullscreen().catch(() => {}));
    show(whole, document.fullscreenEnabled);
    this.root = h(
      "section",
      { class: "card show-view", "data-testid": "show" },
      h("div", { class: "show-place" }, this.target, this.words),
      h(
        "div",
        { class: "row" },
        button("show-stop", t.show.stop, () => actions.take("show"), { class: "danger" }),
        whole,
      ),
    );
  }

  update(s: Snapshot): void {
    const wanted = s.phase === "joined" && s.rights.show;
    show(this.root, wanted);
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    if (wanted) void this.start();
    else this.stop();
  }

  dispose(): void {
    this.wanted = false;
    this.stop();
  }

  private async start(): Promise<void> {
    const attempt = ++this.attempt;
    this.tell(this.t.show.opening);
    try {
      // Load noVNC before the line opens, so that no data is missed.
      const { default: RFB } = await import("../common/boundedrfb.ts");
      if (attempt !== this.attempt) return;
      const channel = await this.actions.openShow();
      if (attempt !== this.attempt) return (channel as { close(): void }).close();
      const rfb = new RFB(this.target, channel, { shared: true });
      rfb.viewOnly = true;
      rfb.scaleViewport = true;
      rfb.focusOnClick = false;
      rfb.background = "transparent";
      rfb.addEventListener("connect", () => attempt === this.attempt && this.tell(""));
      rfb.addEventListener("disconnect", () => this.again(attempt));
      this.rfb = rfb;
    } catch {
      this.again(attempt);
    }
  }

  /** Reopens a line that broke while the right is given. */
  private again(attempt: number): void {
    if (attempt !== this.attempt) return;
    this.rfb = null;
    this.tell(this.t.show.opening);
    setTimeout(() => attempt === this.attempt && this.wanted && void this.start(), pause);
  }

  private stop(): void {
    this.attempt++;
    const { rfb } = this;
    this.rfb = null;
    rfb?.disconnect();
    if (document.fullscreenElement === this.target) void document.exitFullscreen();
  }

  private tell(words: string): void {
    setText(this.words, words);
    show(this.words, words !== "");
  }
}
