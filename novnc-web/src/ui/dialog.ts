import { html, nothing, type TemplateResult } from "lit";
import { createRef, ref } from "lit/directives/ref.js";
import { button } from "./controls.ts";

export interface Question {
  question: string;
  /** A sentence, or paragraphs. */
  meaning: string | TemplateResult;
  yes: string;
  no: string;
  /** The look of yes; the usual one warns. */
  kind?: "primary";
  confirmed: () => void;
}

/** Shows a dialog that lit has just put into the document. */
function showModally(e: Element | undefined): void {
  if (!(e instanceof HTMLDialogElement)) return;
  queueMicrotask(() => {
    if (!e.isConnected || e.open) return;
    e.showModal();
    e.querySelector<HTMLElement>("[data-testid=confirm-no]")?.focus();
  });
}

/**
 * Asks before an action, for example one that cannot be undone. It is the browser's own dialog: it
 * keeps the focus inside, Escape means no, and the focus returns afterwards. `close` is called with
 * each answer, before `confirmed`.
 */
export function confirmDialog(q: Question | null, close: () => void): TemplateResult | typeof nothing {
  if (!q) return nothing;
  const dialog = createRef<HTMLDialogElement>();
  const answer = (yes: boolean) => {
    dialog.value?.close(); // gives the focus back
    close();
    if (yes) q.confirmed();
  };
  const cancel = (e: Event) => {
    e.preventDefault();
    answer(false);
  };
  return html`<dialog
    class="card"
    aria-labelledby="confirm-question"
    data-testid="confirm"
    ${ref(dialog)}
    ${ref(showModally)}
    @cancel=${cancel}
  >
    <h2 id="confirm-question">${q.question}</h2>
    ${typeof q.meaning === "string" ? html`<p>${q.meaning}</p>` : q.meaning}
    <div class="row">
      ${button({ testid: "confirm-no", label: q.no, act: () => answer(false) })}
      ${button({ testid: "confirm-yes", label: q.yes, act: () => answer(true), kind: q.kind ?? "danger" })}
    </div>
  </dialog>`;
}
