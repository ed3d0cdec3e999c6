import { html, type TemplateResult } from "lit";
import type { IconName } from "../common/icons.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import { icon } from "../ui/controls.ts";
import { shareIn } from "./names.ts";
import type { Snapshot } from "./snapshot.ts";

interface Truth {
  state: "nothing" | "seen" | "controlled" | "paused";
  icon: IconName;
  words: string;
}

/** One sentence: what the advisor can do at this moment. It is read aloud when it changes. */
export function truth(s: Snapshot, who: string, t: PanelTexts): TemplateResult {
  const now = truthOf(s, who, t);
  return html`<div class="truth" role="status" data-state=${now.state}>
    ${icon(now.icon)}
    <h1 tabindex="-1" data-testid="now">${now.words}</h1>
  </div>`;
}

function truthOf(s: Snapshot, who: string, t: PanelTexts): Truth {
  if (s.phase === "away") return { state: "paused", icon: "broken", words: t.now.away };
  if (s.paused) return { state: "paused", icon: "pause", words: t.now.paused };
  if (s.direction === "advisor" || s.rights.show) return { state: "nothing", icon: "monitor", words: t.now.advisor(who) };
  if (s.rights.control) return { state: "controlled", icon: "hand", words: t.now.controlled(who, ...shareIn(s.share)) };
  if (s.direction === "customer") return { state: "seen", icon: "eye", words: t.now.seen(who, ...shareIn(s.share)) };
  if (s.rights.view) return { state: "seen", icon: "eye", words: t.now.allowed(who) };
  return { state: "nothing", icon: "hidden", words: t.now.nothing };
}
