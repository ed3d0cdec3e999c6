import type { TemplateResult } from "lit";

/** A picture of what the advisor sees at this moment. */
export interface Preview {
  /** Called when the picture comes or goes, so that the panel is drawn again. */
  changed: () => void;
  update(visible: boolean): void;
  view(): TemplateResult;
}
