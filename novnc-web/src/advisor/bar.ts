import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { grouped } from "../common/number.ts";
import type { Right } from "../common/rights.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import { icon, iconButton, steadyButton } from "../ui/controls.ts";
import type { SessionEntry } from "./api.ts";
import { chatButton } from "./chatside.ts";
import { customerName } from "./customer.ts";
import type { Desk } from "./desk.ts";
import type { Session } from "./session.ts";

/** What a session's dot means: grey waits, green is here, blue is seen, red is controlled. */
export type Dot = "waiting" | "joined" | "seen" | "controlled" | "over";

export function dotOf(session: Session): Dot {
  if (session.phase === "ended") return "over";
  if (session.phase !== "joined") return "waiting";
  if (session.shared.rights.control) return "controlled";
  return session.view.phase === "shown" ? "seen" : "joined";
}

export interface TabActions {
  select(session: Session): void;
  remove(session: Session): void;
  endElsewhere(entry: SessionEntry): void;
  /** Shows the form with which a colleague joins. */
  joinAsked(entry: SessionEntry): void;
  fresh(): void;
}

/** One tab for each session. All are equally wide, so that none moves when a customer joins. */
export function tabs(
  own: { session: Session; news: boolean }[],
  elsewhere: SessionEntry[],
  selected: { session: Session } | null,
  desk: Desk,
  act: TabActions,
): TemplateResult {
  const { t } = desk;
  return html`<nav class="tabs" aria-label=${t.sessions.heading}>
    <ul data-testid="session-list">
      ${repeat(
        own,
        (p) => p.session,
        ({ session: s, news }) =>
          html`<li
            class="tab"
            data-dot=${dotOf(s)}
            ?data-current=${s === selected?.session}
            ?data-news=${news || (s !== selected?.session && s.chat.unread + s.files.unseen > 0)}
          >
            <button
              type="button"
              class="tab-name"
              aria-current=${s === selected?.session ? "true" : nothing}
              data-testid=${"session-" + s.place}
              data-state=${s.phase}
              title="${grouped(s.number)}, ${t.sessions.phase[s.phase]}"
              @click=${() => act.select(s)}
            >
              <span class="dot" aria-hidden="true"></span>
              <span class="cut">${customerName(s, t) || grouped(s.number)}</span>
              <span class="unseen">${t.sessions.phase[s.phase]}</span>
            </button>
            ${
              s.phase === "ended"
                ? iconButton({
                    testid: "remove-" + s.place,
                    label: t.sessions.close,
                    icon: "close",
                    kind: "quiet",
                    act: () => act.remove(s),
                  })
                : nothing
            }
          </li>`,
      )}
      ${repeat(
        elsewhere,
        (e) => e.place,
        (e) =>
          e.advisor
            ? invitation(e, t, act)
            : html`<li class="tab" data-dot="waiting" data-testid=${"elsewhere-" + e.place}>
                <span class="tab-name" title="${t.sessions.phase[e.phase]}, ${t.sessions.elsewhere}">
                  <span class="dot" aria-hidden="true"></span>
                  <span class="cut">${e.place} …</span>
                  <span class="unseen">${t.sessions.phase[e.phase]}, ${t.sessions.elsewhere}</span>
                </span>
                ${iconButton({
                  testid: "end-" + e.place,
                  label: t.sessions.end,
                  icon: "close",
                  kind: "quiet",
                  act: () => act.endElsewhere(e),
                })}
              </li>`,
      )}
    </ul>
    ${iconButton({ testid: "new-session", label: t.sessions.fresh, icon: "plus", act: () => act.fresh() })}
  </nav>`;
}

/** Another advisor's session that this one may join. */
function invitation(e: SessionEntry, t: AdvisorTexts, act: TabActions): TemplateResult {
  const words = t.colleague.invited(e.advisor?.name ?? "");
  return html`<li class="tab" data-dot="waiting" data-news>
    <button type="button" class="tab-name" title=${words} data-testid=${"invited-" + e.place} @click=${() => act.joinAsked(e)}>
      <span class="dot" aria-hidden="true"></span>
      <span class="cut">${words}</span>
    </button>
  </li>`;
}

/** Shows and hides the bar in full screen, where no pointer can rest at the edge. */
export function barHandle(out: boolean, t: AdvisorTexts, act: () => void): TemplateResult {
  return html`<button
    type="button"
    class="bar-handle"
    data-testid="bar-handle"
    title=${t.tools.bar}
    aria-label=${t.tools.bar}
    aria-expanded=${out}
    @click=${act}
  >
    ${icon("chevron")}
  </button>`;
}

/** What the advisor does with the selected session. Every button keeps its place in every state. */
export function sessionControls(session: Session, desk: Desk, fullScreen: () => void, end: () => void): TemplateResult {
  const { t } = desk;
  const { view } = session;
  const { rights, asked } = session.shared;
  const live = session.phase !== "ended" && session.line !== "replaced";
  const seen = view.phase === "shown" && rights.view;
  const state = (right: Exclude<Right, "show" | "point" | "record">) =>
    rights[right] ? "given" : asked.includes(right) ? "asked" : "none";
  const toggle = (right: Exclude<Right, "show" | "point" | "record">) =>
    rights[right] ? session.giveBack(right) : session.ask(right);
  const usable = (right: Exclude<Right, "show" | "point" | "record">) =>
    session.canAsk && seen && session.holds && session.can(right) && (rights[right] || !asked.includes(right));
  return html`<div class="controls" role="group" aria-label=${t.tools.label}>
    ${steadyButton({
      testid: "ask-control",
      label: rightLabel("control", state("control"), t),
      all: [t.tools.askControl, t.tools.giveControl, t.tools.asked.control],
      state: state("control"),
      icon: "hand",
      disabled: !usable("control"),
      act: () => toggle("control"),
    })}
    <button
      type="button"
      class="icon-button"
      data-testid="ask-clipboard"
      data-right=${state("clipboard")}
      title=${rightLabel("clipboard", state("clipboard"), t)}
      aria-label=${rightLabel("clipboard", state("clipboard"), t)}
      ?disabled=${!usable("clipboard")}
      @click=${() => (rights.clipboard ? desk.toggle("clipboard") : toggle("clipboard"))}
    >
      ${icon("clipboard")}
    </button>
    ${iconButton({
      testid: "keys-open",
      label: t.tools.keys,
      icon: "keyboard",
      disabled: !live || !rights.control,
      expanded: desk.card === "keys",
      act: () => desk.toggle("keys"),
    })}
    ${iconButton({
      testid: "full-screen",
      label: document.fullscreenElement ? t.tools.leaveFullScreen : t.tools.fullScreen,
      icon: "expand",
      disabled: !live || !document.fullscreenEnabled,
      pressed: document.fullscreenElement !== null,
      act: fullScreen,
    })}
    ${chatButton(session, desk)}
    <span class="latency-place"
      >${recordingMark(session, t)}<span class="latency" data-testid="latency" title=${t.tools.latency}
        >${latencyWords(session, t)}</span
      ></span
    >
    <button
      type="button"
      class="code"
      data-testid="lock"
      title=${lockWords(session, t)}
      aria-label=${lockWords(session, t)}
      aria-expanded=${desk.card === "lock"}
      data-tone=${lockTone(session)}
      ?disabled=${session.phase !== "joined" || session.compare === ""}
      @click=${() => desk.toggle("lock")}
    >
      ${icon("lock")}<span data-testid="fact-encryption">${session.canAsk ? session.compare : ""}</span>
    </button>
    ${iconButton({
      testid: "more",
      label: t.tools.more,
      icon: "more",
      expanded: desk.card === "more",
      act: () => desk.toggle("more"),
    })}
    <button type="button" class="danger" data-testid="end-session" ?disabled=${!live} @click=${end}>
      ${session.guest ? t.colleague.leave : t.session.endShort}
    </button>
  </div>`;
}

/** Says that a program of the advisor records, as long as the customer allows it. */
function recordingMark({ shared }: Session, t: AdvisorTexts): TemplateResult | typeof nothing {
  if (!shared.rights.record) return nothing;
  const words = shared.held ? t.facts.recordingHeld : t.facts.recording;
  return html`<span
    class="recording-mark"
    role="img"
    aria-label=${words}
    title=${words}
    data-testid="recording"
    data-held=${String(shared.held)}
    >${icon("record")}</span
  >`;
}

function latencyWords({ latency, canAsk }: Session, t: AdvisorTexts): string {
  return latency === null || !canAsk ? "" : t.tools.milliseconds(String(Math.max(1, Math.round(latency))));
}

function rightLabel(right: "control" | "clipboard", state: "given" | "asked" | "none", t: AdvisorTexts): string {
  if (state === "asked") return t.tools.asked[right];
  if (right === "control") return state === "given" ? t.tools.giveControl : t.tools.askControl;
  return state === "given" ? t.clipboard.heading : t.tools.askClipboard;
}

/** Who can read the session: "wait" if some viewer of it is not encrypted up to the customer. */
export function lockTone(session: Session): "good" | "wait" {
  return session.shared.viewers.some((v) => v.line === "gateway" || v.line === "partly") ? "wait" : "good";
}

/** How the session is encrypted, in a sentence. */
export function lockWords(session: Session, t: AdvisorTexts): string {
  if (session.compare === "") return t.facts.label.encryption;
  const lines = session.shared.viewers.map((v) => v.line);
  const warning = lines.includes("gateway") ? t.facts.gatewayViewer : lines.includes("partly") ? t.facts.partlyViewer : "";
  return [t.facts.label.encryption + ": " + t.facts.sealed(session.compare) + ".", warning].filter(Boolean).join(" ");
}
