import { html, type TemplateResult } from "lit";
import { grouped, spoken } from "../common/number.ts";
import { maxTries } from "../seal/index.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import { button, iconButton } from "../ui/controls.ts";
import type { Desk } from "./desk.ts";
import type { Session } from "./session.ts";

/** What the advisor dictates until the customer enters: the address and the number. */
export function waitingView(session: Session, desk: Desk): TemplateResult {
  const { t } = desk;
  const { number } = session;
  const address = location.host;
  const link = `${location.origin}/#p=${number.slice(0, 4)}`;
  const attempt = attemptWords(session, t);
  return html`<div class="waiting" data-testid="waiting">
    <ol class="dictate">
      <li>
        <span class="lead">${t.waiting.open}</span>
        <span class="dictated">
          <strong class="address" data-testid="address">${address}</strong>
          ${iconButton({ testid: "copy-address", label: t.waiting.copyAddress, icon: "clipboard", act: () => void desk.copy(address) })}
        </span>
      </li>
      <li>
        <span class="lead">${t.waiting.type}</span>
        <span class="dictated">
          <strong class="number" role="img" aria-label=${spoken(number)} data-testid="number">${grouped(number)}</strong>
          ${iconButton({ testid: "copy-number", label: t.waiting.copyNumber, icon: "clipboard", act: () => void desk.copy(grouped(number)) })}
        </span>
      </li>
    </ol>
    <p data-testid="expires">${timeLeft(session, desk)}</p>
    <p>
      ${button({ testid: "copy-link", label: t.waiting.copyLink, act: () => void desk.copy(link) })}
      <code data-testid="invitation">${link}</code>
    </p>
    <p class="muted">${t.waiting.linkWarning}</p>
    <p class="muted">${t.waiting.stepAllow}</p>
    <p class="notice steady-line" role="status" data-testid="attempt" ?data-empty=${attempt === ""}>${attempt}</p>
  </div>`;
}

function timeLeft(session: Session, desk: Desk): string {
  if (!session.expires) return "";
  const minutes = Math.max(0, Math.ceil((session.expires.getTime() - desk.now()) / 60_000));
  return desk.t.waiting.minutes(minutes);
}

function attemptWords({ attempt, wrongTries }: Session, t: AdvisorTexts): string {
  const tries = [String(wrongTries), String(maxTries)] as const;
  switch (attempt) {
    case "checking":
      return t.waiting.checking;
    case "used":
      return t.waiting.used;
    case "wrong":
      return wrongTries === maxTries - 1 ? t.waiting.wrongLast(...tries) : t.waiting.wrong(...tries);
    default:
      return "";
  }
}
