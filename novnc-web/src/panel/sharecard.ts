import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Share } from "../common/shares.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import { button, icon } from "../ui/controls.ts";
import type { PanelActions } from "./actions.ts";
import { Chooser } from "./chooser.ts";
import type { Preview } from "./preview.ts";
import type { Snapshot } from "./snapshot.ts";

/** Shows exactly what is shared now. One click shares less. */
export function shareView(s: Snapshot, t: PanelTexts, actions: PanelActions, preview: Preview): TemplateResult {
  const apps = s.share?.kind === "apps" ? s.share.apps.map((id, i) => ({ id, name: s.share!.names[i] ?? id, i })) : [];
  return html`<section class="share-card" aria-label=${t.choose.now} data-testid="share">
    ${s.rights.point || s.pointOff ? pointSwitch(s, t, actions) : nothing}
    <div class="thumbnail-place">${s.paused ? icon("hidden") : preview.view()}</div>
    ${
      apps.length > 0
        ? html`<ul class="shared-apps" data-testid="shared-apps">
            ${repeat(
              apps,
              (a) => a.id,
              (a) => html`<li>${unshare(s.share!, a.i, a.name, t, actions)}</li>`,
            )}
          </ul>`
        : nothing
    }
  </section>`;
}

/**
 * Switches the advisor's arrow off and on. While the advisor has control, it can only be switched
 * off: the click might be the advisor's own.
 */
function pointSwitch(s: Snapshot, t: PanelTexts, actions: PanelActions): TemplateResult {
  const { point, control } = s.rights;
  return html`<div class="small-row">
    <span id="now-point" data-testid="now-point">${point ? t.point.on : t.point.off}</span>
    <button
      type="button"
      data-testid="point"
      aria-describedby="now-point"
      ?disabled=${!point && control}
      @click=${() => actions.silence("point", point)}
    >
      ${point ? t.point.hide : t.point.show}
    </button>
  </div>`;
}

/** Stops showing one program. */
function unshare(share: Share, i: number, name: string, t: PanelTexts, actions: PanelActions): TemplateResult {
  const without = () => {
    const keep = <T>(all: T[]) => all.filter((_, at) => at !== i);
    if (share.apps.length === 1) actions.take("view");
    else actions.share({ ...share, apps: keep(share.apps), names: keep(share.names) });
  };
  const words = `${t.choose.remove}: ${name}`;
  return html`<button type="button" data-testid="unshare" data-app=${name} aria-label=${words} title=${words} @click=${without}>
    <span class="cut">${name}</span>${icon("close")}
  </button>`;
}

/** Changes what is shared. Sharing more needs a question. */
export class ShareEditor {
  private readonly chooser: Chooser;

  constructor(
    private readonly t: PanelTexts,
    private readonly actions: PanelActions,
    changed: () => void,
  ) {
    this.chooser = new Chooser(t, "change", changed);
  }

  begin(share: Share | null): void {
    this.chooser.begin(share);
  }

  view(s: Snapshot, close: () => void): TemplateResult {
    const { t, chooser } = this;
    const chosen = chooser.chosen(s.choices);
    const apply = () => {
      close();
      if (chosen) this.actions.share(chosen);
    };
    return html`<section class="share-editor" tabindex="-1" aria-labelledby=${chooser.heading} data-testid="share-editor">
      ${s.choices ? chooser.view(s.choices) : nothing}
      <p class="muted">${t.choose.more}</p>
      <div class="answers">
        ${button({ testid: "share-cancel", label: t.choose.cancel, act: close })}
        ${button({ testid: "share-apply", label: t.choose.apply, kind: "primary", disabled: chosen === null, act: apply })}
      </div>
    </section>`;
  }
}
