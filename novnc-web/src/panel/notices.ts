import { html, nothing, type TemplateResult } from "lit";
import type { PanelTexts } from "../texts_gen/panel.ts";
import { button } from "../ui/controls.ts";
import { stillWords, waiting } from "./filespart.ts";
import type { Snapshot } from "./snapshot.ts";

/** The list of files, if it is not covered. */
export interface FileList {
  open: boolean;
  /** Why something that the customer has chosen was not given, or "". */
  refused: string;
  show: () => void;
}

/**
 * The place for what comes and goes. It is reserved, so that nothing moves. Without a notice it has
 * `note`, or says how the key ends the session.
 */
export function notices(s: Snapshot, who: string, note: string, t: PanelTexts, files: FileList | null): TemplateResult {
  const notice = refusalNotice(files) ?? noticeOf(s, who, t) ?? (files && fileNotice(s, files, t));
  const shown = notice
    ? html`<p class="notice" data-testid=${notice.testid}>${notice.words} ${notice.more ?? nothing}</p>`
    : nothing;
  return html`<div class="notices">
    <div role="status">${shown}</div>
    ${notice ? nothing : hint(s, note, t)}
  </div>`;
}

interface Notice {
  testid: string;
  words: string;
  more?: TemplateResult;
}

/** Answers what the customer has just done, so it comes first. */
function refusalNotice(files: FileList | null): Notice | null {
  return files?.open && files.refused ? { testid: "files-refused", words: files.refused } : null;
}

/** Says that files do not move now, or that one waits for the customer to save it. */
function fileNotice(s: Snapshot, { open, show }: FileList, t: PanelTexts): Notice | null {
  const still = stillWords(s, t);
  if (still && (open || s.files.some((f) => f.state === "saving"))) return { testid: "files-still", words: still };
  const n = waiting(s);
  if (n === 0 || open) return null;
  return {
    testid: "file-waits",
    words: t.files.ready(n),
    more: button({ testid: "files-show", label: t.files.show, act: show }),
  };
}

function noticeOf(s: Snapshot, who: string, t: PanelTexts): Notice | null {
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
