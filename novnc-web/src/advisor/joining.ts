import { html, nothing, type TemplateResult } from "lit";
import { parseNumber } from "../common/number.ts";
import type { SessionEntry } from "./api.ts";
import type { Desk } from "./desk.ts";

/** Takes the number with which a colleague joins the session of another advisor. */
export class Joining {
  private wrong = false;

  constructor(
    readonly entry: SessionEntry,
    private readonly join: (number: string) => void,
    private readonly changed: () => void,
  ) {}

  view({ t }: Desk): TemplateResult {
    const { place, advisor } = this.entry;
    const name = advisor?.name ?? "";
    return html`<form class="centre column" data-testid="joining" @submit=${(e: SubmitEvent) => this.submit(e)}>
      <h1>${t.colleague.invited(name)}</h1>
      <p class="lead" id="join-hint">${t.colleague.joinHint(name, place)}</p>
      <label for="join-number">${t.colleague.joinField}</label>
      <input
        id="join-number"
        class="number-field"
        name="number"
        inputmode="numeric"
        autocomplete="off"
        maxlength="20"
        required
        value=${place}
        aria-describedby="join-hint"
        data-testid="join-number"
      />
      <p class="bad" role="alert" data-testid="join-wrong">${this.wrong ? t.colleague.joinWrong(place) : nothing}</p>
      <button type="submit" class="primary big" data-testid="join">${t.colleague.join}</button>
    </form>`;
  }

  private submit(e: SubmitEvent): void {
    e.preventDefault();
    const typed = String(new FormData(e.currentTarget as HTMLFormElement).get("number"));
    const number = parseNumber(typed);
    this.wrong = number.slice(0, 4) !== this.entry.place;
    if (this.wrong) return this.changed();
    this.join(number);
  }
}
