import { html, nothing, type TemplateResult } from "lit";
import type { PanelTexts } from "../texts_gen/panel.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * The place for what comes and goes. It is reserved, so that nothing moves. Without a notice it has
 * `note`, or says how the key ends the session.
 */
export function notices(s: Snapshot, who: string, note: string, t: PanelTexts): TemplateResult {
  const notice = noticeOf(s, who, t);
  return html`<div class="notices">
    <div role="status">${notice ? html`<p class="notice" data-testid=${notice.testid}>${notice.words}</p>` : nothing}</div>
    ${notice ? nothing : hint(s, note, t)}
  </div>`;
}

function noticeOf(s: Snapshot, who: string, t: PanelTexts): { testid: string; words: string } | null {
  if (s.phase !== "joined" || s.paused) return null;
  // If nothing is seen, there is nothing to hide.
  if (s.rights.view && s.notice) return { testid: "notice", words: noticeWords(s.notice, s.key, t) };
  if (s.rights.control && s.hands) return { testid: "hands", words: t.now.hands(who) };
  return null;
}

function noticeWords(notice: "hidden" | "shielded", key: string, t: PanelTexts): string {
  if (notice === "hidden") return t.now.hidden;
  return key ? t.now.shieldedKey(key) : t.now.shielded;
}

function hint(s: Snapshot, note: string, t: PanelTexts): TemplateResult | typeof nothing {
  if (note) return html`<p class="muted hint" data-testid="needs-program">${note}</p>`;
  return s.key ? html`<p class="muted hint">${t.hint(s.key)}</p>` : nothing;
}
