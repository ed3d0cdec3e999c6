import { html, nothing, type TemplateResult } from "lit";
import type RFB from "../common/boundedrfb.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import { button } from "../ui/controls.ts";
import type { PanelActions } from "./actions.ts";
import type { Snapshot } from "./snapshot.ts";

const pause = 700;

/** Shows the advisor's screen: an unmodified noVNC that sends nothing. */
export class ShowView {
  /** noVNC's element; it stays the same while the page is drawn again. */
  private readonly target = document.createElement("div");
  private words = "";
  private rfb: RFB | null = null;
  private wanted = false;
  private attempt = 0;

  constructor(
    private readonly t: PanelTexts,
    private readonly actions: PanelActions,
    private readonly changed: () => void,
  ) {
    this.target.className = "show-screen";
    this.target.dataset["testid"] = "show-screen";
    this.target.setAttribute("role", "region");
    this.target.setAttribute("aria-label", t.show.label);
  }

  update(s: Snapshot): void {
    const wanted = s.phase === "joined" && s.rights.show;
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    if (wanted) void this.start();
    else this.stop();
  }

  dispose(): void {
    this.wanted = false;
    this.stop();
  }

  /** `covered`: something else is shown in its place. */
  view(covered: boolean): TemplateResult | typeof nothing {
    const { t, words } = this;
    if (!this.wanted) return nothing;
    const larger = () => void this.target.requestFullscreen().catch(() => {});
    return html`<section class="show-view" data-testid="show" ?hidden=${covered}>
      <div class="show-place">
        ${this.target}
        <p class="show-words" role="status" ?hidden=${words === ""}>${words}</p>
      </div>
      <div class="answers">
        ${button({ testid: "show-stop", label: t.show.stop, act: () => this.actions.take("show") })}
        ${
          document.fullscreenEnabled
            ? button({ testid: "show-larger", label: t.show.larger, icon: "expand", act: larger })
            : nothing
        }
      </div>
    </section>`;
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
    this.words = words;
    this.changed();
  }
}
