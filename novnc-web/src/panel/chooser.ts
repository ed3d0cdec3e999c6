import { h, icon, show } from "../common/dom.ts";
import type { Share, ShareKind } from "../common/shares.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import type { App, Choices } from "./snapshot.ts";

/**
 * Chooses the whole screen, one monitor or certain applications. Nothing is selected at first,
 * except what the customer chose or proposed before.
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
    /** Separates this chooser's radio buttons from those of another chooser. */
    private readonly name: string,
    private readonly changed: () => void,
  ) {}

  /** Resets the choice; `from` is the customer's earlier choice. */
  begin(from: Share | null): void {
    this.kind = from?.kind ?? "";
    this.monitor = from?.monitor ?? 0;
    this.apps = new Set(from?.apps);
    this.drawn = "";
  }

  update(choices: Choices | null): void {
    this.choices = choices;
    show(this.root, choices !== null);
    // Redraw only if the choices changed, so that a click does not miss.
    const now = JSON.stringify(choices);
    if (!choices || now === this.drawn) return;
    this.drawn = now;
    this.draw(choices);
  }

  /** The chosen share; null if nothing is chosen. */
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

  /** Shows the list of applications only if that kind is chosen. */
  private fold(): void {
    const list = this.root.querySelector<HTMLElement>(".app-list");
    if (list) show(list, this.kind === "apps");
  }
}

/** A program's icon. It carries no information that the name next to it lacks. */
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
