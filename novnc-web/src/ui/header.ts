// The parts of a page's header, as templates.

import { html, type TemplateResult } from "lit";
import { languageNames, languages, type Language } from "../texts_gen/languages.ts";

/** The product's logo, a ship's wheel, and the gateway's name. The style sheet draws the wheel. */
export function brand(name: string): TemplateResult {
  return html`<span class="brand">
    <span class="brand-mark" aria-hidden="true"></span><span data-testid="gateway-name">${name}</span>
  </span>`;
}

/** A button for each language. */
export function languageSwitch(label: string, current: Language, choose: (language: Language) => void): TemplateResult {
  return html`<div class="languages" role="group" aria-label=${label}>
    ${languages.map(
      (l) =>
        html`<button
          type="button"
          class="quiet"
          lang=${l}
          data-testid=${"language-" + l}
          aria-pressed=${l === current}
          @click=${() => choose(l)}
        >
          ${languageNames[l]}
        </button>`,
    )}
  </div>`;
}
