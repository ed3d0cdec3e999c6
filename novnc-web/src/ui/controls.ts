// The controls of all pages, as templates. Their looks are in styles/ui.css.

import { html, nothing, svg, type TemplateResult } from "lit";
import { icons, type IconName } from "../common/icons.ts";

/** A picture without words of its own: the control that it is in has a name. */
export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${svg`<path d=${icons[name]}></path>`}</svg>`;
}

export interface ButtonOptions {
  testid: string;
  label: string;
  act: () => void;
  kind?: "primary" | "danger" | "quiet";
  disabled?: boolean;
  /** For a button that stays pressed. */
  pressed?: boolean;
  icon?: IconName;
}

/** A button with words. */
export function button(o: ButtonOptions): TemplateResult {
  return html`<button
    type="button"
    class=${o.kind ?? ""}
    data-testid=${o.testid}
    ?disabled=${o.disabled ?? false}
    aria-pressed=${o.pressed ?? nothing}
    @click=${o.act}
  >
    ${o.icon ? icon(o.icon) : nothing}${o.label}
  </button>`;
}

/** A button with an icon. The label is its name, and appears when the pointer rests on it. */
export function iconButton(o: ButtonOptions & { icon: IconName; expanded?: boolean }): TemplateResult {
  return html`<button
    type="button"
    class="icon-button ${o.kind ?? ""}"
    data-testid=${o.testid}
    title=${o.label}
    aria-label=${o.label}
    ?disabled=${o.disabled ?? false}
    aria-pressed=${o.pressed ?? nothing}
    aria-expanded=${o.expanded ?? nothing}
    @click=${o.act}
  >
    ${icon(o.icon)}
  </button>`;
}

/**
 * A button whose words change. It is as wide as the longest of `all`, so that neither it nor its
 * neighbours move.
 */
export function steadyButton(o: ButtonOptions & { all: string[]; state: string }): TemplateResult {
  return html`<button
    type="button"
    class="steady ${o.kind ?? ""}"
    data-testid=${o.testid}
    data-right=${o.state}
    ?disabled=${o.disabled ?? false}
    @click=${o.act}
  >
    ${o.icon ? icon(o.icon) : nothing}
    <span class="steady-words">
      <span>${o.label}</span>
      ${o.all.map((words) => html`<span class="reserve" aria-hidden="true" data-words=${words}></span>`)}
    </span>
  </button>`;
}
