import { html, nothing, type TemplateResult } from "lit";
import type { Colleague } from "../common/colleagues.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import { button, icon } from "../ui/controls.ts";
import type { PanelActions } from "./actions.ts";
import { cut } from "./names.ts";
import type { Snapshot } from "./snapshot.ts";

/** Says who else is in the session, with a button that sends all of them away. */
export function colleaguesRow(s: Snapshot, t: PanelTexts, actions: PanelActions): TemplateResult | typeof nothing {
  if (s.colleagues.length === 0 || s.phase === "ended") return nothing;
  const here = s.colleagues.filter((c) => c.here);
  const words = here.length > 0 ? t.colleague.here(namesOf(here)) : t.colleague.expected(namesOf(s.colleagues));
  const remove = () => s.colleagues.forEach((c) => actions.removeColleague?.(c.account));
  return html`<div class="small-row" data-testid="colleagues" data-here=${String(here.length > 0)}>
    <span class="recording-words" role="status">${icon("eye")}<span>${words}</span></span>
    ${button({ testid: "colleague-remove", label: t.colleague.remove, act: remove })}
  </div>`;
}

function namesOf(colleagues: Colleague[]): string {
  return cut(colleagues.map((c) => c.name).join(", "));
}
