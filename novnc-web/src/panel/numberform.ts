import { html, nothing, type TemplateResult } from "lit";
import { createRef, ref } from "lit/directives/ref.js";
import { grouped, parseEntry } from "../common/number.ts";
import { languages } from "../texts_gen/languages.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import { hostName } from "./hostname.ts";
import type { Snapshot } from "./snapshot.ts";
import { termsView } from "./termsview.ts";

/** What is wrong; `more` is a technical reason, in English. */
interface Fault {
  words: string;
  more: string;
}

const noFault: Fault = { words: "", more: "" };

/** The first form for the customer: typing the number. */
export class NumberForm {
  private readonly input = createRef<HTMLInputElement>();
  /** The content of the field; it outlives the form while a connection is tried. */
  private typed = "";
  private offered = false;
  private told = ""; // the program's last error
  private fault = noFault;
  private where = true; // a gateway is known
  private refused = ""; // the terms that the customer does not accept

  constructor(
    private readonly t: PanelTexts,
    private readonly enter: (number: string) => void,
    private readonly acceptTerms: (version: string) => void,
    private readonly changed: () => void,
  ) {}

  update(s: Snapshot): void {
    this.where = s.gateway !== "";
    if (s.offer && !this.offered) {
      this.offered = true;
      this.typed = s.offer;
    }
    // What the form itself has found fault with stays until the program says something else.
    const told = JSON.stringify(s.error);
    if (told !== this.told) this.fault = s.error ? faultOf(s.error, this.t) : noFault;
    this.told = told;
  }

  focus(): void {
    this.input.value?.focus();
    // The remaining digits are typed after the first ones.
    if (parseEntry(this.typed)) this.input.value?.select();
  }

  view(s: Snapshot): TemplateResult {
    const { t, where, fault } = this;
    const terms = s.error?.terms;
    if (terms && JSON.stringify(terms) !== this.refused) {
      const refuse = () => {
        this.refused = JSON.stringify(terms);
        this.fault = noFault;
        this.changed();
      };
      return termsView(s, terms, t, () => this.acceptTerms(terms.version), refuse);
    }
    return html`<form class="number-form" data-testid="number-form" data-confirm=${String(s.confirm)} @submit=${this.submit}>
      <h1 data-testid="number-heading">${s.confirm ? t.number.confirm : t.number.heading}</h1>
      <p class="lead" data-testid="number-lead">${s.confirm ? t.number.confirmLead : t.number.lead}</p>
      <label class="unseen" for="number">${t.number.label}</label>
      <input
        id="number"
        class=${where ? "number-input" : "number-input long"}
        inputmode=${where ? "numeric" : "text"}
        autocomplete="off"
        spellcheck="false"
        maxlength="320"
        placeholder=${where ? "000 000 000" : "000 000 000@…"}
        aria-describedby="number-error"
        aria-invalid=${fault.words ? "true" : "false"}
        data-testid="number"
        .value=${this.typed}
        @input=${(e: Event) => (this.typed = (e.target as HTMLInputElement).value)}
        ${ref(this.input)}
      />
      <div class="error" role="alert" id="number-error" data-testid="number-error" ?hidden=${!fault.words}>
        ${fault.words}${
          fault.more
            ? html`<details class="more">
                <summary>${t.details.toggle}</summary>
                <p lang=${languages[0]}>${fault.more}</p>
              </details>`
            : nothing
        }
      </div>
      <button type="submit" class="primary big wide" data-testid="number-submit">${t.number.submit}</button>
      ${
        where
          ? html`<p>${t.number.gateway} <span class="gateway-name" data-testid="gateway">${hostName(s.gateway)}</span></p>`
          : html`<p data-testid="which-gateway">${t.number.which}</p>`
      }
      <p class="muted">${t.number.trust}</p>
    </form>`;
  }

  private readonly submit = (e: Event): void => {
    e.preventDefault();
    const { t } = this;
    const entry = parseEntry(this.typed);
    const missing = entry !== null && entry.gateway === "" && !this.where;
    this.fault = { words: !entry ? t.number.error.format : missing ? t.number.which : "", more: "" };
    this.changed();
    this.refused = "";
    if (entry && !missing) this.enter(grouped(entry.number) + (entry.gateway && "@" + entry.gateway));
    else this.input.value?.focus();
  };
}

function faultOf({ code, message, retryAfter }: NonNullable<Snapshot["error"]>, t: PanelTexts): Fault {
  switch (code) {
    case "number":
    case "busy":
    case "format":
    case "lost":
    case "terms":
      return { words: t.number.error[code], more: "" };
    case "gateway":
    case "where":
    case "source":
      return { words: t.number.error[code], more: message };
    case "rate":
      return { words: t.number.error.rate(retryAfter), more: "" };
  }
  return { words: message, more: "" };
}
