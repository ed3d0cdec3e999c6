import { html, type TemplateResult } from "lit";
import { button } from "../ui/controls.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import { hostName } from "./hostname.ts";
import type { Snapshot, Terms } from "./snapshot.ts";

/** The terms that the operator asks the customer to accept before he joins. */
export function termsView(s: Snapshot, terms: Terms, t: PanelTexts, accept: () => void, refuse: () => void): TemplateResult {
  const [before = "", after = ""] = t.terms.text("\n").split("\n");
  return html`<div data-testid="terms">
    <h1 tabindex="-1" data-testid="terms-heading">${t.terms.heading}</h1>
    <p class="lead">${before}<span class="gateway-name">${hostName(s.gateway)}</span>${after}</p>
    <p>
      <a href=${terms.address} target="_blank" rel="noopener noreferrer" data-testid="terms-read"
        >${t.terms.read(terms.version)}</a
      >
    </p>
    ${button({ testid: "terms-yes", label: t.terms.yes, kind: "primary", act: accept })}
    ${button({ testid: "terms-no", label: t.terms.no, act: refuse })}
  </div>`;
}
