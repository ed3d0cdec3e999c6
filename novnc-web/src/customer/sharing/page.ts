import { button, h, show } from "../../common/dom.ts";
import { brand } from "../../common/header.ts";
import { PanelView } from "../../panel/panelview.ts";
import type { Preview } from "../../panel/sharecard.ts";
import type { Snapshot } from "../../panel/snapshot.ts";
import { canCapture } from "../../share/capture.ts";
import type { Language } from "../../texts_gen/languages.ts";
import { panelTexts, type PanelTexts } from "../../texts_gen/panel.ts";
import { sharingTexts } from "../../texts_gen/sharing.ts";
import { BrowserAgent } from "./agent.ts";

/** A live preview of the capture. */
class LivePreview implements Preview {
  readonly root: HTMLVideoElement;

  constructor(label: string) {
    this.root = h("video", { class: "thumbnail", "aria-label": label, "data-testid": "thumbnail", playsinline: true });
    this.root.muted = true;
    this.root.autoplay = true;
    show(this.root, false);
  }

  use(stream: MediaStream | null): void {
    this.root.srcObject = stream;
  }

  update(visible: boolean): void {
    show(this.root, visible && this.root.srcObject !== null);
  }
}

/** Replaces the page: the customer shares from it without a program. */
export class SharingPage {
  private readonly agent: BrowserAgent;
  private readonly view: PanelView;
  private last: Snapshot | null = null;

  constructor(
    private readonly body: HTMLElement,
    gateway: string,
    language: Language,
    place: string,
    back: () => void,
  ) {
    const t = sharingTexts[language];
    const preview = new LivePreview(t.preview);
    this.agent = new BrowserAgent(
      language,
      (s) => this.update(s),
      (stream) => preview.use(stream),
      place,
    );
    this.view = new PanelView(language, this.agent, preview, panelWords(language));
    const note = h("p", { class: "muted", "data-testid": "needs-program" }, canCapture() ? t.needsProgram : t.noCapture);
    this.view.root.append(note);
    const head = h("header", { class: "top" }, brand(gateway), h("span", { class: "gap" }));
    const leave = button("back", t.back, () => this.leave(back), { class: "quiet" });
    head.append(leave);
    this.body.replaceChildren(head, this.view.root);
    this.leaveButton = leave;
    this.note = note;
    // Leaving by accident would end the session, so warn. Leaving on purpose ends it.
    window.addEventListener("beforeunload", this.warn);
    window.addEventListener("pagehide", this.bye);
    this.agent.start();
  }

  private readonly leaveButton: HTMLElement;
  private readonly note: HTMLElement;

  private readonly warn = (e: Event): void => {
    if (this.agent.busy) e.preventDefault();
  };

  private readonly bye = (): void => this.agent.leave();

  private leave(back: () => void): void {
    this.agent.leave();
    this.view.dispose();
    window.removeEventListener("beforeunload", this.warn);
    window.removeEventListener("pagehide", this.bye);
    back();
  }

  private update(s: Snapshot): void {
    show(this.leaveButton, s.phase === "number" || s.phase === "ended");
    show(this.note, s.phase !== "ended");
    this.view.update(s, this.last);
    this.last = s;
  }
}

/** The panel's texts, with the sentences that differ if a page shares by itself. */
function panelWords(language: Language): PanelTexts {
  const panel = panelTexts[language];
  const t = sharingTexts[language];
  return {
    ...panel,
    allowView: t.allowView,
    meaning: { ...panel.meaning, view: t.meaningView },
    number: { ...panel.number, error: { ...panel.number.error, gateway: () => t.gatewayError } },
    hide: t.hide,
    endedCalm: t.endedCalm,
  };
}
