import { html, nothing, type TemplateResult } from "lit";
import type { RecordFiles } from "../record/files.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import type { Snapshot } from "./snapshot.ts";

/** A session that is over: why, and what is left of it on this computer. */
export function endedView(
  s: Snapshot,
  t: PanelTexts,
  record: RecordFiles,
  more: TemplateResult | typeof nothing,
): TemplateResult {
  const reason = reasonWords(s.reason, s.error?.message ?? "", t);
  return html`<main class="front parting" data-testid="ended">
    <h1 tabindex="-1" data-testid="ended-heading">${t.ended}</h1>
    ${reason ? html`<p class="lead" data-testid="ended-reason">${reason}</p>` : nothing}
    <p>${calmWords(s, t)}</p>
    ${surveyView(s, t)} ${recordView(s, t, record)} ${more}
  </main>`;
}

/** The operator's question, which is answered on a page of his. */
function surveyView(s: Snapshot, t: PanelTexts): TemplateResult | typeof nothing {
  const { survey } = s;
  if (!survey) return nothing;
  return html`<section data-testid="survey">
    <p class="muted">${t.survey.who(s.gateway)}</p>
    <p class="lead">${survey.question}</p>
    <a class="button" href=${survey.address} target="_blank" rel="noopener noreferrer" data-testid="survey-answer"
      >${t.survey.answer}</a
    >
  </section>`;
}

/** Links that save the record: for people, and for programs. */
function recordView(s: Snapshot, t: PanelTexts, record: RecordFiles): TemplateResult | typeof nothing {
  const at = record.addresses(s.record);
  if (!at) return nothing;
  return html`<a class="button" href=${at.text} download=${record.name + ".txt"} data-testid="record">${t.saveRecord}</a>
    <p class="muted">
      <a href=${at.json} download=${record.name + ".jsonl"} data-testid="record-json">${t.saveRecordJSON}</a>
    </p>`;
}

/** What is left of the session on this computer. */
export function calmWords(s: Snapshot | null, t: PanelTexts): string {
  return s?.files.some((f) => f.state === "done" && !f.given) ? t.endedCalmFiles : t.endedCalm;
}

function reasonWords(reason: string, message: string, t: PanelTexts): string {
  if (reason === "error" && message) return t.reasonError(message);
  return Object.hasOwn(t.reason, reason) ? t.reason[reason as keyof PanelTexts["reason"]] : "";
}
