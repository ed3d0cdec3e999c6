import { button, h, setText, show } from "../common/dom.ts";
import { grouped, parseEntry } from "../common/number.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import type { Snapshot } from "./snapshot.ts";

/** The first form for the customer: typing the number. */
export class NumberForm {
  readonly root: HTMLElement;
  private readonly input: HTMLInputElement;
  private readonly gateway = h("span", { class: "gateway-name", "data-testid": "gateway" });
  private readonly heading = h("h1", { "data-testid": "number-heading" });
  private readonly lead = h("p", { class: "lead", "data-testid": "number-lead" });
  private offered = false;
  private told = ""; // the program's last error
  private readonly where: HTMLElement;
  private readonly ask: HTMLElement;
  private readonly error = h("p", { class: "error", role: "alert", id: "number-error", "data-testid": "number-error" });

  constructor(
    private readonly t: PanelTexts,
    enter: (number: string) => void,
  ) {
    this.input = h("input", {
      id: "number",
      class: "number-input",
      inputmode: "numeric",
      autocomplete: "off",
      spellcheck: "false",
      maxlength: "320",
      placeholder: "000 000 000",
      "aria-describedby": "number-error",
      "data-testid": "number",
    });
    this.where = h("p", {}, t.number.gateway + " ", this.gateway);
    this.ask = h("p", { "data-testid": "which-gateway" }, t.number.which);
    const submit = button("number-submit", t.number.submit, () => {}, { class: "primary big wide" });
    submit.type = "submit";
    this.root = h(
      "form",
      {
        class: "card",
        "data-testid": "number-form",
        onsubmit: (e) => {
          e.preventDefault();
          const entry = parseEntry(this.input.value);
          const missing = entry !== null && entry.gateway === "" && this.where.hidden;
          setText(this.error, !entry ? t.number.error.format : missing ? t.number.which : "");
          if (entry && !missing) enter(grouped(entry.number) + (entry.gateway && "@" + entry.gateway));
          else this.input.focus();
        },
      },
      this.heading,
      this.lead,
      h("label", { for: "number" }, t.number.label),
      this.input,
      this.error,
      submit,
      this.where,
      this.ask,
      h("p", { class: "muted" }, t.number.trust),
    );
  }

  update(s: Snapshot): void {
    const { t } = this;
    if (this.gateway.textContent !== s.gateway) this.gateway.replaceChildren(...hostParts(s.gateway));
    setText(this.heading, s.confirm ? t.number.confirm : t.number.heading);
    setText(this.lead, s.confirm ? t.number.confirmLead : t.number.lead);
    this.root.dataset["confirm"] = String(s.confirm);
    if (s.offer && !this.offered) {
      this.offered = true;
      this.input.value = s.offer;
    }
    show(this.where, s.gateway !== "");
    show(this.ask, s.gateway === "");
    this.input.classList.toggle("long", s.gateway === "");
    this.input.inputMode = s.gateway === "" ? "text" : "numeric";
    this.input.placeholder = s.gateway === "" ? "000 000 000@…" : "000 000 000";
    // What the form itself has found fault with stays until the program says something else.
    const told = s.error ? errorWords(s.error, t) : "";
    if (told !== this.told) setText(this.error, told);
    this.told = told;
  }

  focus(): void {
    this.input.focus();
    // The remaining digits are typed after the first ones.
    if (parseEntry(this.input.value)) this.input.select();
  }
}

function errorWords({ code, message, retryAfter }: NonNullable<Snapshot["error"]>, t: PanelTexts): string {
  switch (code) {
    case "number":
    case "busy":
    case "format":
    case "lost":
      return t.number.error[code];
    case "gateway":
    case "where":
    case "source":
      return t.number.error[code](message);
    case "rate":
      return t.number.error.rate(retryAfter);
  }
  return message;
}

/** A gateway's name, with its registrable domain, which identifies the owner, in bold. */
export function hostParts(gateway: string): (string | HTMLElement)[] {
  const [, host = "", port = ""] = /^(.*?)(:\d+)?$/.exec(gateway) ?? [];
  const labels = host.split(".");
  // example.com, but example.co.uk.
  const short = labels.length > 2 && labels.at(-1)!.length === 2 && labels.at(-2)!.length <= 3;
  const end = labels.slice(short ? -3 : -2).join(".");
  const before = host.slice(0, host.length - end.length);
  return [before, h("strong", {}, end), port].filter((part) => part !== "");
}
