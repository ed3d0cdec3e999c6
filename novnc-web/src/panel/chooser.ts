import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";
import type { Share, ShareKind } from "../common/shares.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import { icon } from "../ui/controls.ts";
import type { App, Choices, Monitor } from "./snapshot.ts";

interface Option {
  kind: ShareKind;
  /** The end of its test id. */
  id: string;
  words: string;
  hint: string;
  on: boolean;
  choose?: () => void;
}

/**
 * Chooses the whole screen, one monitor or certain applications. Nothing is selected at first,
 * except what the customer chose or proposed before.
 */
export class Chooser {
  private kind: ShareKind | "" = "";
  private monitor = 0;
  private apps = new Set<string>();

  constructor(
    private readonly t: PanelTexts,
    /** Separates this chooser's radio buttons from those of another chooser. */
    private readonly name: string,
    private readonly changed: () => void,
  ) {}

  /** The id of the chooser's heading. */
  get heading(): string {
    return this.name + "-heading";
  }

  /** Resets the choice; `from` is the customer's earlier choice. */
  begin(from: Share | null): void {
    this.kind = from?.kind ?? "";
    this.monitor = from?.monitor ?? 0;
    this.apps = new Set(from?.apps);
  }

  /** The chosen share; null if nothing is chosen. */
  chosen(choices: Choices | null): Share | null {
    const { kind } = this;
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

  view(choices: Choices): TemplateResult {
    const { t } = this;
    const monitors = choices.monitors.length > 1 ? choices.monitors : [];
    const apps: Option = { kind: "apps", id: "apps", words: t.choose.apps, hint: t.choose.appsHint, on: this.kind === "apps" };
    const screen: Option = {
      kind: "screen",
      id: "screen",
      words: t.choose.screen,
      hint: t.choose.screenHint,
      on: this.kind === "screen",
    };
    return html`<div class="chooser" role="group" aria-labelledby=${this.heading} data-testid="chooser">
      <h2 id=${this.heading}>${t.choose.heading}</h2>
      <div class="options">
        ${choices.apps.length > 0 ? this.option(apps) : nothing}
        ${choices.apps.length > 0 && this.kind === "apps" ? this.appList(choices.apps) : nothing}
        ${repeat(
          monitors,
          (m) => m.id,
          (m) => this.option(this.monitorOption(m)),
        )}
        ${choices.whole ? this.option(screen) : nothing}
      </div>
    </div>`;
  }

  private monitorOption(m: Monitor): Option {
    return {
      kind: "monitor",
      id: `monitor-${m.id}`,
      words: this.t.choose.monitor(m.name || String(m.id)),
      hint: m.width > 0 ? `${m.width} × ${m.height}` : "",
      on: this.kind === "monitor" && this.monitor === m.id,
      choose: () => (this.monitor = m.id),
    };
  }

  private option({ kind, id, words, hint, on, choose }: Option): TemplateResult {
    const change = () => {
      this.kind = kind;
      choose?.();
      this.changed();
    };
    return html`<label class="choice">
      <input type="radio" name=${this.name} data-testid=${"choose-" + id} .checked=${live(on)} @change=${change} />
      <span><strong>${words}</strong><span class="muted">${hint}</span></span>
    </label>`;
  }

  private appList(apps: App[]): TemplateResult {
    return html`<div class="app-list" data-testid="choose-app-list">
      ${repeat(
        apps,
        (a) => a.id,
        (a) => this.app(a),
      )}
    </div>`;
  }

  private app(app: App): TemplateResult {
    const { t } = this;
    const change = (e: Event) => {
      if ((e.target as HTMLInputElement).checked) this.apps.add(app.id);
      else this.apps.delete(app.id);
      this.changed();
    };
    return html`<label class="choice app">
      <input
        type="checkbox"
        data-testid="choose-app"
        data-app=${app.name}
        .checked=${live(this.apps.has(app.id))}
        @change=${change}
      />
      ${appIcon(app)}
      <span>
        <strong>${app.name || "?"}</strong>
        <span class="muted cut">${app.titles.filter(Boolean).slice(0, 3).join(" · ")}</span>
        ${app.powerful ? html`<span class="warning" data-testid="powerful">${t.choose.powerful}</span>` : nothing}
      </span>
    </label>`;
  }
}

/** A program's icon. It carries no information that the name next to it lacks. */
function appIcon(app: App): TemplateResult {
  if (!app.icon) return html`<span class="app-icon">${icon("window")}</span>`;
  return html`<img
    class="app-icon"
    alt=""
    data-testid="choose-app-icon"
    data-app=${app.name}
    src=${"data:image/png;base64," + app.icon}
  />`;
}
