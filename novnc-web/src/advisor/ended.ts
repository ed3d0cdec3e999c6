import { html, nothing, type TemplateResult } from "lit";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import { button } from "../ui/controls.ts";
import { customerWords } from "./customer.ts";
import { pastChat } from "./chatside.ts";
import type { Desk } from "./desk.ts";
import { eventWords } from "./events.ts";
import { pastFiles } from "./filesside.ts";
import type { Session } from "./session.ts";

/** A session that is over: why, how long it took, what happened, and the next one. */
export function endedView(session: Session, desk: Desk, fresh: () => void): TemplateResult {
  const { t } = desk;
  const minutes = session.duration();
  const record = recordLines(session, desk);
  return html`<div class="scroll" data-testid="ended">
    <div class="column ended">
      <h1>${t.session.ended}</h1>
      <p class="lead" data-testid="ended-reason">${reasonWords(session.reason, t)}</p>
      ${minutes === null ? nothing : html`<p data-testid="ended-duration">${t.session.duration(minutes)}</p>`}
      <p>${button({ testid: "ended-new", label: t.sessions.fresh, kind: "primary", act: fresh })}</p>
      ${
        record.length === 0
          ? nothing
          : html`<h2>${t.session.record}</h2>
              <ol class="record" data-testid="ended-record">
                ${record.map((line) => html`<li>${line}</li>`)}
              </ol>
              <label for="note">${t.session.note}</label>
              <textarea id="note" rows="3" data-testid="note"></textarea>
              <p>
                ${button({ testid: "copy-record", label: t.session.copyRecord, act: () => void desk.copy(withNote(record)) })}
              </p>`
      }
      ${pastFiles(session, desk)} ${pastChat(session, desk)}
    </div>
  </div>`;
}

/** What happened, a line each; nothing if no customer came. */
function recordLines(session: Session, { t, clock }: Desk): string[] {
  if (session.joinedAt === null) return [];
  const lines = session.history.map(({ at, event }) => `${clock(at)} ${eventWords(event, t)}`);
  return [`${clock(new Date(session.joinedAt))} ${customerWords(session, t)}`, ...lines];
}

/** The record and the advisor's note, for another program; neither is kept. */
function withNote(record: string[]): string {
  const note = document.querySelector<HTMLTextAreaElement>("#note")?.value.trim() ?? "";
  return [...record, note].filter(Boolean).join("\n");
}

/** A session that another window of the advisor has taken. */
export function replacedView(session: Session, { t }: Desk): TemplateResult {
  return html`<div class="centre column" data-testid="replaced">
    <p class="lead">${t.session.replaced}</p>
    ${button({ testid: "take-here", label: t.session.takeHere, kind: "primary", act: () => session.takeHere() })}
  </div>`;
}

function reasonWords(reason: string, t: AdvisorTexts): string {
  return Object.hasOwn(t.session.reason, reason)
    ? t.session.reason[reason as keyof AdvisorTexts["session"]["reason"]]
    : t.session.reason.other;
}
