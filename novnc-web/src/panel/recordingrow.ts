import { html, nothing, type TemplateResult } from "lit";
import type { PanelTexts } from "../texts_gen/panel.ts";
import { button, icon } from "../ui/controls.ts";
import type { PanelActions } from "./actions.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * Says that the advisor records, with the buttons that pause and stop it, and the way to the same
 * recording. While the advisor has control, a paused recording cannot go on: the click might be the
 * advisor's own. `narrow`: there is no room for the way to the same recording.
 */
export function recordingRow(
  s: Snapshot,
  t: PanelTexts,
  actions: PanelActions,
  narrow: boolean,
): TemplateResult | typeof nothing {
  const r = s.recording;
  if (!r || s.phase === "ended" || (!r.running && !r.key && !r.lost)) return nothing;
  const words = !r.running ? t.recording.over : r.held ? t.recording.held : t.recording.on;
  const hold = () => actions.hold?.(!r.held);
  return html`<div class="small-row recording" data-testid="recording" data-state=${!r.running ? "over" : r.held ? "held" : "on"}>
    <span class="recording-words" role="status"
      >${icon("record")}<span>${words} ${r.lost ? t.recording.lost : nothing}</span></span
    >
    ${
      r.running
        ? html`${button({
            testid: "recording-hold",
            label: r.held ? t.recording.continue : t.recording.hold,
            disabled: r.held && s.rights.control,
            act: hold,
          })}
          ${button({ testid: "recording-stop", label: t.recording.stop, act: () => actions.take("record") })}`
        : nothing
    }
    ${
      r.key && !narrow
        ? html`<a class="button" href=${`/file/${r.key}`} download data-testid="recording-save">${t.recording.save}</a>`
        : nothing
    }
  </div>`;
}
