import { html, nothing, type TemplateResult } from "lit";
import type { Wish } from "../common/rights.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import { button, icon, steadyButton } from "../ui/controls.ts";
import { customerWords } from "./customer.ts";
import type { Desk } from "./desk.ts";
import { eventWords } from "./events.ts";
import type { Session } from "./session.ts";

/**
 * The customer's screen. Everything else lies over it: what the advisor is told never changes the
 * size of the picture.
 */
export function stage(session: Session, desk: Desk): TemplateResult {
  const { t } = desk;
  const { view, shared } = session;
  view.describe(t.view.picture, t.tools.leavePicture);
  return html`<div
    class="stage"
    data-testid="screen"
    data-phase=${view.phase}
    ?data-seen=${shared.rights.view && view.phase === "shown"}
    ?data-control=${shared.rights.control && view.phase === "shown"}
  >
    ${view.target} ${view.phase === "shown" ? nothing : cover(session, t)}
    ${
      view.zoom === null
        ? nothing
        : html`<div class="zoom-reset">
            ${button({ testid: "zoom-reset", label: t.view.resetZoom, act: () => view.resetZoom() })}
          </div>`
    }
    ${messages(session, desk)}
  </div>`;
}

/** What is there instead of a picture: why there is none, and what the advisor can do. */
function cover(session: Session, t: AdvisorTexts): TemplateResult {
  const { view, show } = session;
  const mayStart = (view.phase === "off" || view.phase === "refused") && session.phase === "joined";
  const words = coverWords(session, t);
  const see = show.phase === "shown" ? t.view.turn : view.phase === "refused" ? t.view.again : t.view.see;
  return html`<div class="cover">
    <p class="lead" role="status" data-testid="view-state">${words}</p>
    ${
      view.phase === "asking"
        ? html`<div class="row choices">
            ${countdown(session, "view", t)} ${remind(session, t)}
            ${button({ testid: "cancel-view", label: t.tools.cancel, act: () => session.withdraw("view") })}
          </div>`
        : nothing
    }
    ${
      mayStart
        ? html`<div class="row choices">
            <button type="button" class="primary big" data-testid="see-screen" @click=${() => view.open()}>${see}</button>
            ${
              !show.active && show.possible && session.can("show")
                ? html`<button type="button" class="big" data-testid="show-screen" @click=${() => void show.start()}>
                    ${t.show.start}
                  </button>`
                : nothing
            }
          </div>`
        : nothing
    }
    ${mayStart && session.answer === "" ? html`<p class="muted">${t.view.seeHint}</p>` : nothing}
  </div>`;
}

function coverWords(session: Session, t: AdvisorTexts): string {
  if (session.phase === "away") return t.view.waitingForCustomer;
  switch (session.view.phase) {
    case "off":
      return session.customer ? customerWords(session, t) : "";
    case "shown":
      return "";
    case "refused":
      return session.view.refusal || t.view.refused;
    default:
      return t.view.phase[session.view.phase];
  }
}

/** Messages over the picture. Clicks go through them, except on their buttons. */
function messages(session: Session, desk: Desk): TemplateResult {
  const { t } = desk;
  const { shared } = session;
  const line = lineWords(session, t);
  const notice = shared.rights.view ? shared.notice : "";
  const answer = session.answer ? t.answers[session.answer] : "";
  const browser = session.customer?.browser === true && session.phase === "joined" && session.view.phase !== "shown";
  const asked = (["control", "clipboard", "share", "record"] as const).filter((w) => shared.asked.includes(w));
  return html`<div class="messages">
    ${answer ? html`<p class="toast" data-tone="bad" role="alert" data-testid="answer-mode">${answer}</p>` : nothing}
    ${line ? html`<p class="toast" data-tone="bad" role="status" data-testid="line-state">${line}</p>` : nothing}
    ${showBar(session, t)}
    ${shared.paused ? html`<p class="toast" data-tone="wait" role="status" data-testid="paused">${t.facts.paused}</p>` : nothing}
    ${asked.map(
      (wish) =>
        html`<div class="toast" data-tone="wait" data-testid="asking">
          <span role="status">${t.tools.asked[wish]}</span>${countdown(session, wish, t)} ${remind(session, t)}
          ${button({ testid: "cancel-" + wish, label: t.tools.cancel, act: () => session.withdraw(wish) })}
        </div>`,
    )}
    ${
      shared.hands && shared.rights.control
        ? html`<p class="toast" data-tone="wait" role="status" data-testid="hands">${t.view.hands}</p>`
        : nothing
    }
    ${notice ? html`<p class="toast" data-tone="wait" role="status" data-testid="notice">${t.view.notice[notice]}</p>` : nothing}
    ${
      session.panelNews && session.phase === "joined"
        ? html`<p class="toast" data-tone="wait" role="status" data-testid="panel-closed">${t.view.panelClosed}</p>`
        : nothing
    }
    ${browser ? html`<p class="toast" data-testid="browser-note">${t.view.browser}</p>` : nothing}
    <p class="toast" role="status" data-testid="event" ?data-faded=${!session.eventsFresh}>
      ${session.events.map((e) => eventWords(e, t)).join(" ")}
    </p>
  </div>`;
}

/** The button stays after a press, so that nothing beside it moves. */
function remind(session: Session, t: AdvisorTexts): TemplateResult | typeof nothing {
  if (!session.canRemind) return nothing;
  const { justReminded } = session;
  return steadyButton({
    testid: "remind",
    label: justReminded ? t.tools.reminded : t.tools.remind,
    all: [t.tools.remind, t.tools.reminded],
    state: justReminded ? "reminded" : "",
    disabled: justReminded,
    act: () => session.remind(),
  });
}

/** The time that the customer has left to answer. It is not read aloud: it changes each second. */
function countdown(session: Session, wish: Wish, t: AdvisorTexts): TemplateResult {
  const left = session.secondsLeft(wish);
  return html`<span class="countdown" aria-hidden="true">${left === null ? "" : t.tools.seconds(String(left))}</span>`;
}

function lineWords(session: Session, t: AdvisorTexts): string {
  if (session.line !== "up") return t.facts.lineDown;
  return session.phase === "away" && session.view.phase === "shown" ? t.facts.customerAway : "";
}

/** Shown while the advisor's own screen is shown or about to be. */
function showBar({ show }: Session, t: AdvisorTexts): TemplateResult | typeof nothing {
  if (show.phase === "off") return nothing;
  const stop = show.phase === "shown" ? t.show.stop : show.active ? t.show.cancel : t.show.dismiss;
  return html`<div
    class="toast"
    data-testid="showing"
    data-phase=${show.phase}
    data-tone=${show.phase === "shown" ? "bad" : "wait"}
  >
    ${icon(show.active ? "monitor" : "hidden")}
    <span role="status" data-testid="show-state">${t.show.phase[show.phase]}</span>
    ${button({ testid: "show-stop", label: stop, act: () => show.stop() })}
  </div>`;
}
