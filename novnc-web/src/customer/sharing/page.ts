import { html, type TemplateResult } from "lit";
import { takeDrops } from "../../common/drop.ts";
import { removeLeftovers } from "../../common/filetarget.ts";
import type { Preview } from "../../panel/preview.ts";
import { PanelView } from "../../panel/panelview.ts";
import { canCapture } from "../../share/capture.ts";
import type { Language } from "../../texts_gen/languages.ts";
import { panelTexts, type PanelTexts } from "../../texts_gen/panel.ts";
import { sharingTexts } from "../../texts_gen/sharing.ts";
import { BrowserAgent } from "./agent.ts";

/** A live preview of the capture. */
class LivePreview implements Preview {
  changed: () => void = () => {};
  private stream: MediaStream | null = null;
  private visible = false;

  constructor(private readonly label: string) {}

  use(stream: MediaStream | null): void {
    this.stream = stream;
    this.changed();
  }

  update(visible: boolean): void {
    this.visible = visible;
  }

  view(): TemplateResult {
    const { stream, label, visible } = this;
    return html`<video
      class="thumbnail"
      aria-label=${label}
      data-testid="thumbnail"
      playsinline
      .muted=${true}
      .autoplay=${true}
      .srcObject=${stream}
      ?hidden=${!visible || stream === null}
    ></video>`;
  }
}

/** Replaces the page: the customer shares from it without a program. */
export class SharingPage {
  private readonly agent: BrowserAgent;
  private readonly view: PanelView;
  /** What the page had before. */
  private readonly before: Node[];
  private readonly endDrops: () => void;

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
      (s) => this.view.update(s),
      (stream) => preview.use(stream),
      place,
    );
    const root = document.createElement("div");
    root.className = "panel-root";
    this.before = [...body.childNodes];
    body.replaceChildren(root);
    this.view = new PanelView(language, root, this.agent, preview, this.agent.chat, {
      texts: panelWords(language),
      name: gateway,
      giving: this.agent.files,
      note: canCapture() ? t.needsProgram : t.noCapture,
      back: { label: t.back, act: () => this.leave(back) },
    });
    // Leaving by accident would end the session, so warn. Leaving on purpose ends it.
    window.addEventListener("beforeunload", this.warn);
    window.addEventListener("pagehide", this.bye);
    this.endDrops = takeDrops({
      accepts: () => this.view.accepts,
      dragging: (on) => this.view.drag(on),
      dropped: (picked) => this.view.accepts && this.view.give(picked),
    });
    void removeLeftovers();
    this.agent.start();
  }

  private readonly warn = (e: Event): void => {
    if (this.agent.busy) e.preventDefault();
  };

  private readonly bye = (): void => this.agent.leave();

  private leave(back: () => void): void {
    this.agent.leave();
    this.view.dispose();
    this.endDrops();
    window.removeEventListener("beforeunload", this.warn);
    window.removeEventListener("pagehide", this.bye);
    this.body.replaceChildren(...this.before);
    back();
  }
}

/** The panel's texts, with the sentences that differ if a page shares by itself. */
function panelWords(language: Language): PanelTexts {
  const panel = panelTexts[language];
  const t = sharingTexts[language];
  return {
    ...panel,
    yes: { ...panel.yes, view: t.allowView },
    meaning: { ...panel.meaning, view: t.meaningView, files: t.meaningFiles },
    endedCalm: t.endedCalm,
    endedCalmFiles: t.endedCalmFiles,
  };
}
