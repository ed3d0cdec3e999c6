import { html, type TemplateResult } from "lit";
import { iconButton } from "../ui/controls.ts";
import type { Desk, Side } from "./desk.ts";

/** What is open at the side. It lies over the picture, like the cards, and Escape closes it. */
export function side(what: Side, heading: string, desk: Desk, content: TemplateResult): TemplateResult {
  const close = () => desk.closeSide();
  return html`<section class="side" aria-label=${heading} data-testid=${what + "-side"}>
    <header class="chat-head">
      <h2>${heading}</h2>
      ${iconButton({ testid: what + "-close", label: desk.t.tools.closeCard, icon: "close", kind: "quiet", act: close })}
    </header>
    ${content}
  </section>`;
}
