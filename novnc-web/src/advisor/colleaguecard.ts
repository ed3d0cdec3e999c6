import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { oneOf } from "../common/fields.ts";
import { grouped } from "../common/number.ts";
import { colleagueMay, maxColleagues, type ColleagueMay } from "../protocol_gen.ts";
import { button } from "../ui/controls.ts";
import type { Invited } from "./colleagues.ts";
import type { Desk } from "./desk.ts";
import type { Session } from "./session.ts";

/** Brings a colleague into the session, and passes control or the session on. */
export function colleagueCard(session: Session, desk: Desk): TemplateResult {
  const invited = session.colleagues.list;
  const live = invited.filter((i) => i.stage !== "gone");
  return html`<div class="column" data-testid="colleagues">
    ${repeat(
      invited,
      (i) => i.account,
      (i) => entry(i, session, desk),
    )}
    ${live.some((i) => i.stage === "asked" || i.stage === "admitting") || live.length >= maxColleagues ? nothing : form(session, desk, live)}
  </div>`;
}

function form(session: Session, desk: Desk, live: Invited[]): TemplateResult {
  const { t } = desk;
  const { people } = session.colleagues;
  if (people === null) return html``;
  const free = people.filter((p) => !live.some((i) => i.account === p.account));
  if (free.length === 0)
    return people.length === 0 ? html`<p class="muted" data-testid="colleague-nobody">${t.colleague.nobody}</p>` : html``;
  const submit = (e: SubmitEvent) => {
    e.preventDefault();
    const data = new FormData(e.currentTarget as HTMLFormElement);
    void session.colleagues.ask(String(data.get("who")), oneOf(data.get("may"), colleagueMay, "see"));
  };
  return html`<form class="column" data-testid="colleague-form" @submit=${submit}>
    <label for="colleague-who">${t.colleague.who}</label>
    <select id="colleague-who" name="who" data-testid="colleague-who">
      ${free.map((p) => html`<option value=${p.account}>${p.name}</option>`)}
    </select>
    <label for="colleague-may">${t.colleague.may}</label>
    <select id="colleague-may" name="may" data-testid="colleague-may">
      ${colleagueMay.map((may) => html`<option value=${may} ?selected=${may === ("point" satisfies ColleagueMay)}>${t.colleague.mays[may]}</option>`)}
    </select>
    <button type="submit" class="primary" data-testid="colleague-ask" ?disabled=${!session.canAsk}>${t.colleague.ask}</button>
  </form>`;
}

function entry(i: Invited, session: Session, desk: Desk): TemplateResult {
  const { t } = desk;
  const drop = (label: string) => button({ testid: "colleague-drop", label, act: () => session.colleagues.drop(i.account) });
  switch (i.stage) {
    case "gone":
      return html`<p role="status" data-testid="colleague-gone">
        ${t.colleague.gone(i.why === "" || i.why === "left" ? "other" : i.why, i.name)}
      </p>`;
    case "here":
      return html`<p role="status" data-testid="colleague-here">${t.colleague.here(i.name)}</p>
        ${passing(i, session, desk)}
        <div class="row">${drop(t.colleague.remove)}</div>`;
    case "expected":
      return html`<p role="status">${t.colleague.expected(i.name)}</p>
        <p class="number small" data-testid="colleague-number">${grouped(i.number)}</p>
        <div class="row">
          ${button({
            testid: "colleague-link",
            label: t.colleague.copyLink,
            act: () => void desk.copy(`${location.origin}${location.pathname}#c=${session.place}`),
          })}
          ${drop(t.colleague.withdraw)}
        </div>`;
    default:
      return html`<p role="status" data-testid="colleague-asked">${t.colleague.asked(i.name)}</p>
        <div class="row">${drop(t.colleague.withdraw)}</div>`;
  }
}

/** What the advisor can pass on to a colleague who is here. */
function passing(i: Invited, session: Session, desk: Desk): TemplateResult | typeof nothing {
  const { t } = desk;
  const known = session.shared.colleagues.find((c) => c.account === i.account);
  if (!known || known.may !== "control") return nothing;
  const holds = session.shared.holder === i.account;
  const pass = () =>
    desk.ask({
      question: t.colleague.passQuestion(i.name),
      meaning: t.colleague.passMeaning(i.name),
      yes: t.colleague.passYes,
      no: t.colleague.passNo,
      confirmed: () => session.pass(i.account),
    });
  return html`${holds ? html`<p data-testid="colleague-holds">${t.colleague.holds(i.name)}</p>` : nothing}
    <div class="row">
      ${button({
        testid: "colleague-control",
        label: holds ? t.colleague.takeControl : t.colleague.giveControl(i.name),
        act: () => session.colleagues.passControl(holds ? "" : i.account),
      })}
      ${button({ testid: "colleague-pass", label: t.colleague.pass, disabled: !known.leads, act: pass })}
    </div>`;
}
