import { button, h, setText } from "../common/dom.ts";
import { grouped, parseNumber } from "../common/number.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Texts } from "./texts.ts";

/** The first thing the customer does: typing the number. */
export class NumberForm {
  readonly root: HTMLElement;
  private readonly input: HTMLInputElement;
  private readonly gateway = h("strong", { "data-testid": "gateway" });
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
      maxlength: "40",
      placeholder: "000 000 000",
      "aria-describedby": "number-error",
      "data-testid": "number",
    });
    const submit = button("number-submit", t.number.submit, () => {}, { class: "primary big wide" });
    submit.type = "submit";
    this.root = h(
      "form",
      {
        class: "card",
        "data-testid": "number-form",
        onsubmit: (e) => {
          e.preventDefault();
          const number = parseNumber(this.input.value);
          setText(this.error, number ? "" : t.number.format);
          if (number) enter(grouped(number));
          else this.input.focus();
        },
      },
      h("h1", {}, t.number.heading),
      h("p", { class: "lead" }, t.number.lead),
      h("label", { for: "number" }, t.number.label),
      this.input,
      this.error,
      submit,
      h("p", {}, t.number.gateway + " ", this.gateway),
      h("p", { class: "muted" }, t.number.trust),
    );
  }

  update(s: Snapshot): void {
    setText(this.gateway, s.gateway);
    if (s.error) setText(this.error, this.t.number.errors(s.error));
  }

  focus(): void {
    this.input.focus();
    this.input.select();
  }
}
