import { html, nothing, type TemplateResult } from "lit";
import { shortName } from "../common/shortname.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import type { Desk } from "./desk.ts";
import type { Session } from "./session.ts";

/** How many characters of a film's name are in a sentence. */
const nameLength = 48;

/** Begins and ends a film of what the customer shows, with what became of the last one. */
export function recordingEntry(session: Session, desk: Desk, close: (act: () => void) => () => void): TemplateResult {
  const { t } = desk;
  const { recording, shared } = session;
  recording.look();
  const why = whyNot(session);
  const running = recording.phase === "running";
  const ready =
    recording.phase === "off" && shared.rights.view && !shared.paused && session.canAsk && recording.format !== undefined;
  return html`<button
      type="button"
      data-testid="record-film"
      data-phase=${recording.phase}
      ?disabled=${!running && (why !== "" || !ready)}
      aria-describedby=${why === "" ? nothing : "recording-why"}
      @click=${close(() => (running ? recording.stop() : void recording.start()))}
    >
      ${running ? t.recording.stop : t.recording.start}
    </button>
    ${why === "" ? nothing : html`<p class="muted" id="recording-why" data-testid="recording-why">${t.recording.cannot[why]}</p>`}
    ${filmResult(session, t)}`;
}

/** What became of the last film. */
export function filmResult({ recording }: Session, t: AdvisorTexts): TemplateResult | typeof nothing {
  const { result } = recording;
  if (!result) return nothing;
  const bad = result.film !== "saved";
  return html`<p class="muted" data-tone=${bad ? "bad" : nothing} data-testid="film-result" data-film=${result.film}>
    ${t.recording.result[result.film](shortName(result.name, nameLength))}
  </p>`;
}

/** Why no film can be made; "" if one can. */
function whyNot({ recording, shared, customer }: Session): "browser" | "customer" | "other" | "" {
  if (recording.format === null) return "browser";
  if (customer && !customer.recordKey) return "customer";
  return shared.rights.record && recording.phase === "off" ? "other" : "";
}
