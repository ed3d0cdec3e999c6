import { html, nothing, type TemplateResult } from "lit";
import type { RecordFiles } from "../record/files.ts";
import { entryTime, entryWords, recordText } from "../record/words.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import { button } from "../ui/controls.ts";
import { customerWords } from "./customer.ts";
import { pastChat } from "./chatside.ts";
import type { Desk } from "./desk.ts";
import { pastFiles } from "./filesside.ts";
import { filmResult } from "./recordingcard.ts";
import type { Session } from "./session.ts";

/** A session that is over: why, how long it took, what happened, and the next one. */
export function endedView(session: Session, desk: Desk, files: RecordFiles, fresh: () => void): TemplateResult {
  const { t } = desk;
  const minutes = session.duration();
  const record = recordLines(session, desk);
  const note = (e: Event) => {
    session.noted = (e.target as HTMLTextAreaElement).value;
    desk.changed();
  };
  return html`<div class="scroll" data-testid="ended">
    <div class="column ended">
      <h1>${t.session.ended}</h1>
      <p class="lead" data-testid="ended-reason">${reasonWords(session.reason, t)}</p>
      ${minutes === null ? nothing : html`<p data-testid="ended-duration">${t.session.duration(minutes)}</p>`}
      ${filmResult(session, t)}
      <p>${button({ testid: "ended-new", label: t.sessions.fresh, kind: "primary", act: fresh })}</p>
      ${
        record.length === 0
          ? nothing
          : html`<h2>${t.session.record}</h2>
              <ol class="record" data-testid="ended-record">
                ${record.map((line) => html`<li>${line}</li>`)}
              </ol>
              <label for="note">${t.session.note}</label>
              <textarea id="note" rows="3" maxlength="4000" data-testid="note" @input=${note}></textarea>
              ${session.record.length === 0 ? nothing : saveView(session, desk, files)}`
      }
      ${pastFiles(session, desk)} ${pastChat(session, desk)}
    </div>
  </div>`;
}

/** What happened, a line each; nothing if no customer came. */
function recordLines(session: Session, { t, clock, record, common }: Desk): string[] {
  if (session.joinedAt === null) return [];
  const entries = session.record.entries.filter((e) => e.event !== "begin");
  const lines = entries.map((e) => `${clock(entryTime(e))} ${entryWords(e, { record, common })}`);
  // Old programs of customers send no record.
  return lines.length > 0 ? lines : [`${clock(new Date(session.joinedAt))} ${customerWords(session, t)}`];
}

/** Copies and saves the record with the advisor's note; the page keeps neither. */
function saveView(session: Session, desk: Desk, files: RecordFiles): TemplateResult {
  const { t, record, common } = desk;
  const text = recordText(session.record, session.noted, { record, common });
  const at = files.addresses({ text, json: session.record.json(session.noted) });
  return html`<p class="row">
      ${button({ testid: "copy-record", label: t.session.copyRecord, act: () => void desk.copy(text) })}
      <a class="button" href=${at?.text ?? ""} download=${files.name + ".txt"} data-testid="record">${t.session.saveRecord}</a>
      <a class="button" href=${at?.json ?? ""} download=${files.name + ".jsonl"} data-testid="record-json"
        >${t.session.saveRecordJSON}</a
      >
    </p>
    <p class="muted" data-testid="record-hash">
      ${record.hash(session.record.length, session.record.sha256())} ${session.record.complete ? record.same : record.incomplete}
    </p>`;
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
