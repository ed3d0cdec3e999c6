import { h, icon, show } from "../common/dom.ts";
import type { Share, ShareKind } from "../common/shares.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import type { App, Choices } from "./snapshot.ts";

/**
 * Whole screen, one monitor or certain applications. Nothing is chosen before
 * the customer chooses, unless it is what he chose or proposed himself.
 */
export class Chooser {
  readonly root = h("fieldset", { class: "chooser", "data-testid": "chooser" });
  private choices: Choices | null = null;
  private drawn = "";
  private kind: ShareKind | "" = "";
  private monitor = 0;
  private apps = new Set<string>();

  constructor(
    private readonly t: PanelTexts,
    /** Tells one chooser's radio buttons from another's. */
    private readonly name: string,
    private readonly changed: () => void,
  ) {}

  /** Forgets what was chosen; `from` is what the customer chose before. */
  begin(from: Share | null): void {
    this.kind = from?.kind ?? "";
    this.monitor = from?.monitor ?? 0;
    this.apps = new Set(from?.apps);
    this.drawn = "";
  }

  update(choices: Choices | null): void {
    this.choices = choices;
    show(this.root, choices !== null);
    // Redrawn only when there is something else to choose: a click must not miss.
    const now = JSON.stringify(choices);
    if (!choices || now === this.drawn) return;
    this.drawn = now;
    this.draw(choices);
  }

  /** What is chosen; null while that is nothing. */
  get chosen(): Share | null {
    const { choices, kind } = this;
    if (!choices || kind === "") return null;
    const monitor = choices.monitors.find((m) => m.id === this.monitor);
    const apps = choices.apps.filter((a) => this.apps.has(a.id));
    if ((kind === "screen" && !choices.whole) || (kind === "monitor" && !monitor) || (kind === "apps" && apps.length === 0))
      return null;
    return {
      kind,
      monitor: kind === "monitor" ? this.monitor : 0,
      apps: kind === "apps" ? apps.map((a) => a.id) : [],
      names: kind === "apps" ? apps.map((a) => a.name) : kind === "monitor" ? [monitor!.name] : [],
    };
  }

  private draw(choices: Choices): void {
    const { t } = this;
    const focused = document.activeElement?.id;
    const monitors = choices.monitors.length > 1 ? choices.monitors : [];
    const parts: HTMLElement[] = [h("legend", {}, t.choose.heading)];
    if (choices.apps.length > 0) parts.push(this.group("apps", t.choose.apps, t.choose.appsHint, this.appList(choices)));
    for (const m of monitors) {
      const size = m.width > 0 ? `${m.width} × ${m.height}` : "";
      parts.push(
        this.option(
          "monitor",
          `monitor-${m.id}`,
          t.choose.monitor(m.name || String(m.id)),
          size,
          this.kind === "monitor" && this.monitor === m.id,
          () => (this.monitor = m.id),
        ),
      );
    }
    if (choices.whole)
      parts.push(this.option("screen", "screen", t.choose.screen, t.choose.screenHint, this.kind === "screen", () => {}));
    this.root.replaceChildren(...parts);
    this.fold();
    if (focused) document.getElementById(focused)?.focus();
  }

  private group(kind: ShareKind, words: string, hint: string, list: HTMLElement): HTMLElement {
    const option = this.option(kind, kind, words, hint, this.kind === kind, () => {});
    return h("div", { class: "choice-group" }, option, list);
  }

  private option(kind: ShareKind, id: string, words: string, hint: string, on: boolean, chosen: () => void): HTMLElement {
    const radio = h("input", {
      type: "radio",
      name: this.name,
      id: `${this.name}-${id}`,
      "data-testid": "choose-" + id,
      checked: on,
      onchange: () => {
        this.kind = kind;
        chosen();
        this.fold();
        this.changed();
      },
    });
    return h(
      "label",
      { class: "choice", for: radio.id },
      radio,
      h("span", {}, h("strong", {}, words), h("span", { class: "muted" }, hint)),
    );
  }

  private appList(choices: Choices): HTMLElement {
    const { t } = this;
    const list = h("div", { class: "app-list", "data-testid": "choose-app-list" });
    for (const [i, app] of choices.apps.entries()) {
      const box = h("input", {
        type: "checkbox",
        id: `${this.name}-app-${i}`,
        "data-testid": "choose-app",
        "data-app": app.name,
        checked: this.apps.has(app.id),
        onchange: () => {
          if (box.checked) this.apps.add(app.id);
          else this.apps.delete(app.id);
          this.changed();
        },
      });
      list.append(
        h(
          "label",
          { class: "choice app", for: box.id },
          box,
          appIcon(app),
          h(
            "span",
            {},
            h("strong", {}, app.name || "?"),
            h("span", { class: "muted" }, app.titles.filter(Boolean).slice(0, 3).join(" · ")),
            ...(app.powerful ? [h("span", { class: "warning", "data-testid": "powerful" }, t.choose.powerful)] : []),
          ),
        ),
      );
    }
    return list;
  }

  /** The applications are in sight only where they are what is chosen from. */
  private fold(): void {
    const list = this.root.querySelector<HTMLElement>(".app-list");
    if (list) show(list, this.kind === "apps");
  }
}

/** A program's picture. It says nothing that its name beside it does not. */
function appIcon(app: App): Element {
  if (!app.icon) {
    const none = icon("window");
    none.classList.add("app-icon");
    return none;
  }
  return h("img", {
    class: "app-icon",
    alt: "",
    "data-testid": "choose-app-icon",
    "data-app": app.name,
    src: "data:image/png;base64," + app.icon,
  });
}
