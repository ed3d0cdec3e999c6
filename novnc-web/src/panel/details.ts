import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { oneOf } from "../common/fields.ts";
import type { LineKind, Viewer } from "../common/rights.ts";
import { sharePart, type Share } from "../common/shares.ts";
import type { CommonTexts } from "../texts_gen/common.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import { icon } from "../ui/controls.ts";
import type { PanelActions } from "./actions.ts";
import type { Happened } from "./history.ts";
import { hostName } from "./hostname.ts";
import type { Snapshot } from "./snapshot.ts";

const doors = ["page", "helper", "vnc", "repeater", "websockify", "other"] as const;

/** The line in use; "" for none: nothing is said about a line that does not exist. */
function lineOf(s: Snapshot): LineKind | "" {
  return s.phase === "joined" ? s.line : "";
}

/** Opens and closes the details. It says how the line is encrypted, which must not be missed. */
export function detailsButton(s: Snapshot, open: boolean, t: PanelTexts, common: CommonTexts, act: () => void): TemplateResult {
  const line = lineOf(s);
  return html`<button
    type="button"
    class="details-button"
    data-testid="details"
    data-line=${line || nothing}
    aria-expanded=${String(open)}
    @click=${act}
  >
    ${line ? html`${icon(line === "sealed" ? "lock" : "warning")}<span class="line" data-testid="line">${common.line[line]}</span>` : nothing}
    <span class="gap"></span>
    <span>${t.details.toggle}</span>
    ${icon("chevron")}
  </button>`;
}

/** The digits that customer and advisor compare. */
export function compareWords(s: Snapshot, t: PanelTexts): TemplateResult | typeof nothing {
  const line = lineOf(s);
  // The code is meaningful only for a line without a gateway in it.
  if (line === "" || line === "gateway" || s.compare === "") return nothing;
  return html`<p class="compare" data-testid="compare">${t.compare} <strong>${s.compare}</strong></p>`;
}

/** Everything that is needed seldom. */
export function details(
  s: Snapshot,
  who: string,
  history: Happened[],
  t: PanelTexts,
  common: CommonTexts,
  actions: PanelActions,
): TemplateResult {
  const { name = "", company = "" } = s.advisor ?? {};
  const line = lineOf(s);
  const means = line === "gateway" ? t.toGatewayMeans(s.gateway) : line === "partly" ? t.partlyMeans : "";
  // Who waits for an answer sees nothing, and neither does anybody while the view is paused.
  const looking = s.direction === "customer" && !s.paused && s.phase === "joined" ? s.viewers : [];
  return html`${compareWords(s, t)}
    <dl>
      ${row(t.with, html`${[name || who, company].filter(Boolean).join(", ")}`)}
      ${row(t.details.gateway, html`<span data-testid="gateway">${hostName(s.gateway)}</span>`)}
      ${means ? html`<div><dd class="means" data-testid="line-means">${means}</dd></div>` : nothing}
      ${s.rights.view && s.share ? row(t.choose.now, html`<span data-testid="shared">${sharedWords(s.share, t)}</span>`) : nothing}
      ${
        looking.length > 0
          ? row(
              t.viewers,
              html`<ul data-testid="viewers">
                ${looking.map((v) => html`<li data-line=${v.line}>${viewerWords(v, s, t, common)}</li>`)}
              </ul>`,
            )
          : nothing
      }
      ${
        history.length > 0
          ? row(
              t.details.happened,
              html`<ol data-testid="happened">
                ${history.map((h) => html`<li>${clock(h.time, s.lang)} ${h.words}</li>`)}
              </ol>`,
            )
          : nothing
      }
    </dl>
    ${s.silenced.length > 0 ? silenced(s, t, actions) : nothing}`;
}

function row(words: string, value: TemplateResult): TemplateResult {
  return html`<div>
    <dt>${words}</dt>
    <dd>${value}</dd>
  </div>`;
}

function silenced(s: Snapshot, t: PanelTexts, actions: PanelActions): TemplateResult {
  return html`<div data-testid="silenced">
    <h2>${t.silenced}</h2>
    <ul class="silenced">
      ${repeat(
        s.silenced,
        (right) => right,
        (right) =>
          html`<li>
            <span>${t.wish[right]}</span>
            <button
              type="button"
              data-testid="ask-again"
              data-right=${right}
              aria-label=${`${t.askAgain}: ${t.wish[right]}`}
              @click=${() => actions.silence(right, false)}
            >
              ${t.askAgain}
            </button>
          </li>`,
      )}
    </ul>
  </div>`;
}

/** A colleague is named; of others, the way to the screen is. */
function viewerWords({ door, from, line, code, who }: Viewer, s: Snapshot, t: PanelTexts, common: CommonTexts): string {
  const colleague = s.colleagues.find((c) => c.account === who) ?? (door === "colleague" ? s.advisor : null);
  const how = [common.line[line], ...(code ? [t.viewerCode(code)] : [])].join(", ");
  return `${colleague?.name ?? t.viewer(oneOf(door, doors, "other"))}${from && ` (${from})`} – ${how}`;
}

function sharedWords(share: Share, t: PanelTexts): string {
  const [kind, names] = sharePart(share);
  return kind === "monitor" && names ? t.sharedMonitor(names) : t.shared(kind, names);
}

function clock(time: Date, lang: string): string {
  return time.toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit" });
}
