import { html, nothing, type TemplateResult } from "lit";
import { oneOf } from "../common/fields.ts";
import { sharePart, type Share } from "../common/shares.ts";
import { keysym } from "../protocol_gen.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import { button, iconButton } from "../ui/controls.ts";
import { lockWords } from "./bar.ts";
import { clipboard } from "./clipboardcard.ts";
import { colleagueCard } from "./colleaguecard.ts";
import { customerWords } from "./customer.ts";
import type { Card, Desk } from "./desk.ts";
import { chooseFiles } from "./filesside.ts";
import { combinations, holdable } from "./keys.ts";
import type { OwnViewer } from "./ownviewer.ts";
import { recordingEntry } from "./recordingcard.ts";
import type { Session } from "./session.ts";
import { qualityNames, type View } from "./view.ts";

/** The card that is open. It lies over the picture; Escape and a press outside close it. */
export function card(
  session: Session,
  desk: Desk,
  ownViewer: OwnViewer,
  account: TemplateResult,
): TemplateResult | typeof nothing {
  switch (desk.card) {
    case "":
      return nothing;
    case "lock":
      return frame("lock", desk.t.facts.label.encryption, desk, lock(session, desk));
    case "keys":
      return frame("keys", desk.t.tools.keys, desk, keys(session, desk));
    case "colleague":
      return frame("colleague", desk.t.colleague.heading, desk, colleagueCard(session, desk));
    case "clipboard":
      return frame("clipboard", desk.t.clipboard.heading, desk, clipboard(session, desk));
    case "more":
      return frame(
        "more",
        desk.t.tools.more,
        desk,
        html`${session.phase === "joined" ? more(session, desk, ownViewer) : nothing}
          <div class="row account">${account}</div>`,
      );
  }
}

function frame(name: Card, heading: string, desk: Desk, content: TemplateResult): TemplateResult {
  return html`<section class="over card" data-card=${name} aria-label=${heading} data-testid=${"card-" + name}>
    <header>
      <h2>${heading}</h2>
      ${iconButton({ testid: "card-close", label: desk.t.tools.closeCard, icon: "close", kind: "quiet", act: () => desk.open("") })}
    </header>
    ${content}
  </section>`;
}

/** The comparison code, and what is known about the session. */
function lock(session: Session, desk: Desk): TemplateResult {
  const { t } = desk;
  return html`<p class="lead">${t.lock.compare}</p>
    <p class="number small" data-testid="compare">${session.compare}</p>
    ${
      session.compared
        ? nothing
        : html`<div class="row">
            ${button({ testid: "compare-same", label: t.lock.same, kind: "primary", act: () => same(session, desk) })}
          </div>`
    }
    <p class="muted">${lockWords(session, t)}</p>
    ${session.guest ? html`<p data-testid="guest">${t.colleague.guest(session.shared.advisor?.name ?? "")}</p>` : nothing}
    <dl class="facts">
      <dt>${t.facts.label.customer}</dt>
      <dd data-testid="fact-customer">
        ${customerWords(session, t)}
        ${session.shared.panelClosed ? html`<p class="muted" data-testid="fact-panel">${t.view.panelClosed}</p>` : nothing}
      </dd>
      <dt>${t.facts.label.direction}</dt>
      <dd data-testid="fact-direction">${direction(session, t)}</dd>
      <dt>${t.facts.label.control}</dt>
      <dd data-testid="fact-control">${given(session, desk, "control")}</dd>
      ${
        session.shared.rights.record || session.shared.asked.includes("record")
          ? html`<dt>${t.facts.label.record}</dt>
              <dd data-testid="fact-record">${given(session, desk, "record")}</dd>`
          : nothing
      }
      <dt>${t.facts.label.clipboard}</dt>
      <dd data-testid="fact-clipboard">${given(session, desk, "clipboard")}</dd>
      ${
        session.shared.colleagues.length > 0
          ? html`<dt>${t.colleague.heading}</dt>
              <dd data-testid="fact-colleagues">${colleagueWords(session, desk)}</dd>`
          : nothing
      }
    </dl>`;
}

function openColleagues(session: Session, desk: Desk): void {
  void session.colleagues.look();
  desk.open("colleague");
}

/** Who else is in the session, and who of them may ask for control. */
function colleagueWords({ shared }: Session, { t }: Desk): string {
  return shared.colleagues
    .filter((c) => c.here)
    .map((c) => (c.account === shared.holder ? t.colleague.holds(c.name) : t.colleague.here(c.name)))
    .join(" ");
}

function same(session: Session, desk: Desk): void {
  session.compared = true;
  desk.open("");
}

function given(session: Session, { t, clock }: Desk, right: "control" | "clipboard" | "record"): string {
  const { shared, since } = session;
  if (!session.canAsk) return t.facts.unknown;
  if (shared.rights[right]) return t.facts.given(clock(since[right] ?? new Date()));
  return shared.asked.includes(right) ? t.facts.asked : t.facts.notGiven;
}

function direction({ canAsk, shared }: Session, t: AdvisorTexts): string {
  if (!canAsk) return t.facts.unknown;
  if (shared.paused) return t.facts.paused;
  if (shared.direction === "customer") return shownWords(shared.share, t);
  return shared.direction === "advisor" ? t.facts.directionAdvisor : t.facts.directionNone;
}

function shownWords(share: Share | null, t: AdvisorTexts): string {
  if (!share) return t.facts.directionCustomer("other", "");
  const [kind, names] = sharePart(share);
  if (kind === "monitor" && names) return t.facts.directionMonitor(names);
  return t.facts.directionCustomer(kind === "other" ? "program" : kind, names);
}

/** Keys that the browser or the advisor's own system would take for itself. */
function keys({ view, shared }: Session, { t }: Desk): TemplateResult {
  const disabled = !shared.rights.control;
  return html`<div class="grid">
      ${combinations.map((c) =>
        button({
          testid: "key-" + c.id,
          label: t.tools.key[c.name],
          disabled,
          act: () => {
            if (c.keys === "ctrl-alt-del") view.ctrlAltDel();
            else view.press(c.keys);
            view.focus();
          },
        }),
      )}
    </div>
    <div class="row" role="group" aria-label=${t.tools.holdDown}>
      <span>${t.tools.holdDown}</span>
      ${holdable.map((h) =>
        button({
          testid: "hold-" + h.id,
          label: t.tools.hold[h.name],
          pressed: view.held.has(h.key.code),
          disabled,
          act: () => view.hold(h.key),
        }),
      )}
    </div>
    <label for="type-here">${t.tools.typeHere}</label>
    <input
      id="type-here"
      autocomplete="off"
      autocapitalize="none"
      spellcheck="false"
      data-testid="type-here"
      ?disabled=${disabled}
      @beforeinput=${(e: InputEvent) => typeHere(e, view)}
      @compositionend=${(e: CompositionEvent) => {
        view.type(e.data);
        (e.currentTarget as HTMLInputElement).value = "";
      }}
    />
    <p class="muted">${t.tools.leavePicture}</p>`;
}

/** Sends what is typed into the field as keys, at once; on a phone the field opens the keyboard. */
function typeHere(e: InputEvent, view: View): void {
  if (/Composition/.test(e.inputType)) return; // arrives as a whole when the composition ends
  e.preventDefault();
  if (e.inputType === "deleteContentBackward") view.press([{ keysym: keysym.backspace, code: "Backspace" }]);
  else if (e.inputType === "insertLineBreak") view.type("\n");
  else view.type(e.data ?? e.dataTransfer?.getData("text/plain") ?? "");
}

/** Sends files, and shows those of both directions. */
function fileEntries(session: Session, desk: Desk, close: (act: () => void) => () => void): TemplateResult {
  const { t } = desk;
  const why = session.cannotOffer;
  return html`<button
      type="button"
      data-testid="files-send"
      ?disabled=${why !== ""}
      aria-describedby=${why === "" ? nothing : "files-why"}
      @click=${close(chooseFiles)}
    >
      ${t.files.send}
    </button>
    ${why === "" ? nothing : html`<p class="muted" id="files-why" data-testid="files-why">${t.files.cannot[why]}</p>`}
    ${
      session.files.all.length === 0
        ? nothing
        : button({ testid: "files-open", label: t.files.list, act: () => desk.openSide("files", session) })
    }`;
}

/** Everything that is needed rarely. */
function more(session: Session, desk: Desk, ownViewer: OwnViewer): TemplateResult {
  const { t } = desk;
  const { view, show, shared } = session;
  const shown = view.phase === "shown";
  const part = shared.share !== null && shared.share.kind !== "screen"; // nothing can be added to the whole screen
  const close = (act: () => void) => () => {
    act();
    desk.open("");
  };
  const scale = (fit: boolean) => view.set({ fit });
  const choose = (e: Event) =>
    view.set({ quality: oneOf((e.currentTarget as HTMLSelectElement).value, qualityNames, "balanced") });
  return html`<div class="column">
      ${
        session.guest
          ? nothing
          : html`${button({
              testid: "ask-share",
              label: shared.asked.includes("share") ? t.tools.asked.share : t.tools.askShare,
              disabled: !session.canAsk || !part || !session.can("share") || shared.asked.includes("share"),
              act: close(() => session.ask("share")),
            })}
            ${button({
              testid: "turn-show",
              label: t.show.start,
              disabled: !session.can("show") || !show.possible || show.active,
              act: close(() => void show.start()),
            })}`
      }
      ${session.guest ? nothing : html`${fileEntries(session, desk, close)} ${recordingEntry(session, desk, close)}`}
      ${
        session.guest || !session.customer?.colleagues
          ? nothing
          : button({
              testid: "colleague-open",
              label: t.colleague.open,
              disabled: !session.canAsk,
              act: () => openColleagues(session, desk),
            })
      }
      ${button({ testid: "view-close", label: t.view.close, disabled: !shown, act: close(() => view.close()) })}
    </div>
    <div class="row" role="group" aria-label=${t.tools.size}>
      ${button({ testid: "scale-fit", label: t.tools.fit, pressed: view.fit, act: () => scale(true) })}
      ${button({ testid: "scale-100", label: t.tools.actual, pressed: !view.fit, act: () => scale(false) })}
    </div>
    <label for="quality">${t.tools.quality}</label>
    <select id="quality" data-testid="quality" @change=${choose}>
      ${qualityNames.map((q) => html`<option value=${q} ?selected=${q === view.quality}>${t.tools.qualities[q]}</option>`)}
    </select>
    ${session.guest ? nothing : ownViewer.view(session, desk)}`;
}
