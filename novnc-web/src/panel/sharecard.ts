import { button, h, setText, show } from "../common/dom.ts";
import { sharePart, type Share } from "../common/shares.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import type { PanelActions } from "./actions.ts";
import { Chooser } from "./chooser.ts";
import type { Snapshot } from "./snapshot.ts";

/** A picture of what the advisor sees at this moment. */
export interface Preview {
  readonly root: HTMLElement;
  update(visible: boolean): void;
}

/** Shows exactly what is shared now. One click shares less; sharing more needs a question. */
export class ShareCard {
  readonly root: HTMLElement;
  private readonly words = h("p", { class: "lead", "data-testid": "shared" });
  private readonly apps = h("ul", { class: "shared-apps", "data-testid": "shared-apps" });
  private readonly other: HTMLButtonElement;
  private readonly chooser: Chooser;
  private readonly editor: HTMLElement;
  private readonly apply: HTMLButtonElement;
  private editing = false;
  private drawn = "";
  private last: Snapshot | null = null;

  constructor(
    private readonly t: PanelTexts,
    private readonly actions: PanelActions,
    private readonly preview: Preview,
  ) {
    this.chooser = new Chooser(t, "change", () => (this.apply.disabled = this.chooser.chosen === null));
    this.apply = button("share-apply", t.choose.apply, () => this.change(this.chooser.chosen), { class: "primary" });
    this.editor = h(
      "div",
      { class: "share-editor", "data-testid": "share-editor" },
      this.chooser.root,
      h("p", { class: "muted" }, t.choose.more),
      h(
        "div",
        { class: "row" },
        this.apply,
        button("share-cancel", t.choose.cancel, () => this.edit(false)),
      ),
    );
    this.other = button("share-change", t.choose.other, () => (actions.chooseAgain ? actions.chooseAgain() : this.edit(true)));
    this.root = h(
      "section",
      { class: "card share-card", "aria-labelledby": "share-heading", "data-testid": "share" },
      h("h2", { id: "share-heading" }, t.choose.now),
      h("div", { class: "share-now" }, preview.root, this.words),
      this.apps,
      h("div", { class: "row" }, this.other),
      this.editor,
    );
  }

  update(s: Snapshot): void {
    const { t } = this;
    this.last = s;
    const visible = s.phase === "joined" && s.rights.view && s.share !== null;
    show(this.root, visible);
    this.preview.update(visible && !s.paused); // also during a question: it is visible
    if (!visible || !s.share) return this.edit(false);
    setText(this.words, s.paused ? t.now.paused : sharedWords(s.share, t));
    this.drawApps(s.share);
    if (s.question) this.editing = false;
    this.fold();
    this.chooser.update(this.editing ? s.choices : null);
  }

  /** Redraws only if the share changed, so that a click does not miss. */
  private drawApps(share: Share): void {
    const now = JSON.stringify(share);
    if (now === this.drawn) return;
    this.drawn = now;
    this.apps.replaceChildren(...(share.kind === "apps" ? share.apps.map((id, i) => this.app(share, id, i)) : []));
  }

  private app(share: Share, id: string, i: number): HTMLElement {
    const name = share.names[i] ?? id;
    const without = () => {
      const keep = <T>(all: T[]) => all.filter((_, at) => at !== i);
      if (share.apps.length === 1) this.actions.take("view");
      else this.actions.share({ ...share, apps: keep(share.apps), names: keep(share.names) });
    };
    const words = share.apps.length === 1 ? this.t.hide : this.t.choose.remove;
    return h(
      "li",
      {},
      h("strong", {}, name),
      button("unshare", words, without, { "aria-label": `${words}: ${name}`, "data-app": name }),
    );
  }

  private edit(on: boolean): void {
    if (on && !this.editing) this.chooser.begin(this.last?.share ?? null);
    this.editing = on;
    this.fold();
    this.chooser.update(on ? (this.last?.choices ?? null) : null);
    this.apply.disabled = this.chooser.chosen === null;
  }

  private fold(): void {
    const more = this.actions.chooseAgain !== undefined || this.last?.choices != null;
    show(this.editor, this.editing);
    show(this.other, more && !this.editing && this.last?.question == null);
  }

  private change(share: Share | null): void {
    this.edit(false);
    if (share) this.actions.share(share);
  }
}

function sharedWords(share: Share, t: PanelTexts): string {
  const [kind, names] = sharePart(share);
  return kind === "monitor" && names ? t.sharedMonitor(names) : t.shared(kind, names);
}
