import { button, h, setText, show } from "../common/dom.ts";
import { grouped, parseEntry } from "../common/number.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Texts } from "./texts.ts";

/** The first thing the customer does: typing the number. */
export class NumberForm {
  readonly root: HTMLElement;
  private readonly input: HTMLInputElement;
  private readonly gateway = h("strong", { "data-testid": "gateway" });
  private readonly where: HTMLElement;
  private readonly ask: HTMLElement;
  private readonly error = h("p", { class: "error", role: "alert", id: "number-error", "data-testid": "number-error" });

  constructor(
    private readonly t: Texts,
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
          setText(this.error, !entry ? t.number.format : missing ? t.number.which : "");
          if (entry && !missing) enter(grouped(entry.number) + (entry.gateway && "@" + entry.gateway));
          else this.input.focus();
        },
      },
      h("h1", {}, t.number.heading),
      h("p", { class: "lead" }, t.number.lead),
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
    setText(this.gateway, s.gateway);
    show(this.where, s.gateway !== "");
    show(this.ask, s.gateway === "");
    this.input.classList.toggle("long", s.gateway === "");
    this.input.inputMode = s.gateway === "" ? "text" : "numeric";
    this.input.placeholder = s.gateway === "" ? "000 000 000@…" : "000 000 000";
    if (s.error) setText(this.error, this.t.number.errors(s.error));
  }

  focus(): void {
    this.input.focus();
    this.input.select();
  }
}
