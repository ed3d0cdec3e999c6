import { html, nothing, type TemplateResult } from "lit";
import type { Snapshot } from "./snapshot.ts";

/**
 * The line at the top: the company and the advisor. Before they are known, it has `name`: the
 * gateway's.
 */
export function head(s: Snapshot | null, name: string, more: TemplateResult | typeof nothing): TemplateResult {
  const { name: advisor = "", company = "" } = s?.advisor ?? {};
  const first = company || advisor;
  return html`<header class="panel-head">
    <span class="brand-mark" aria-hidden="true"></span>
    ${
      first
        ? html`<strong class="cut" title=${first} data-testid=${company ? "company" : "advisor"}>${first}</strong>`
        : html`<strong class="cut" data-testid="gateway-name">${name || "Lotse"}</strong>`
    }
    ${company && advisor ? html`<span class="cut with" title=${advisor} data-testid="advisor">${advisor}</span>` : nothing}
    ${more}
  </header>`;
}
