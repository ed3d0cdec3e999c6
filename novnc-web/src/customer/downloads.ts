import { html, nothing, type TemplateResult } from "lit";
import type { CustomerTexts } from "../texts_gen/customer.ts";
import type { Language } from "../texts_gen/languages.ts";
import { button, icon } from "../ui/controls.ts";
import { sizeText, systemName, type Download, type Offer, type System } from "./systems.ts";

/** The way through the program: the button for this system, or why there is none. */
export function downloadWay(offer: Offer, system: System, again: (() => void) | null, t: CustomerTexts): TemplateResult {
  if (system === "phone") return say("phone", t.phone);
  if (offer === "loading" || offer === "unreachable") {
    return html`<p class="instead" role="status" data-testid=${"download-" + offer}>${t.offer[offer]}</p>
      ${again ? button({ testid: "download-again", label: t.again, act: again }) : nothing}`;
  }
  const { fitting, others } = offer;
  if (fitting) {
    return html`<a class="button primary" href=${address(fitting)} download="" data-testid="download">
        ${icon("download")}${t.download(systemName(fitting.os))}
      </a>
      <p>${t.installsNothing}</p>`;
  }
  if (others.length === 0) return say("none", t.noDownloads);
  if (system !== "") return say("notforthis", t.notForThis);
  const first = others.filter((d, i) => others.findIndex((o) => o.os === d.os) === i);
  return html`${say("notforthis", t.choose)}
    <div class="row">
      ${first.map((d) => html`<a class="button" href=${address(d)} download="">${icon("download")}${systemName(d.os)}</a>`)}
    </div>`;
}

const say = (what: string, words: string) => html`<p class="instead" data-testid=${"download-" + what}>${words}</p>`;

/** What tells a file from a forged one. */
export function fileFacts(d: Download, t: CustomerTexts, language: Language): TemplateResult {
  return html`<dl class="file">
    <dt>${t.file}</dt>
    <dd data-testid="file-name">${d.name}, ${sizeText(d.size, language)}</dd>
    ${
      d.os === "windows"
        ? html`<dt>${t.signature}</dt>
            <dd data-testid="signer">${d.signer ? t.signedBy(d.signer) : t.unsigned}</dd>`
        : nothing
    }
    <dt>${t.sum}</dt>
    <dd><code data-testid="sha256">${d.sha256}</code></dd>
  </dl>`;
}

export function otherFiles(files: Download[], t: CustomerTexts, language: Language): TemplateResult {
  return html`<details class="others" data-testid="downloads-others">
    <summary>${t.others}</summary>
    <ul>
      ${files.map(
        (d) =>
          html`<li>
            <a href=${address(d)} download="">${[systemName(d.os), d.arch].filter(Boolean).join(" ") || d.file}</a>
            ${fileFacts(d, t, language)}
          </li>`,
      )}
    </ul>
  </details>`;
}

function address(d: Download): string {
  return "/download/" + encodeURIComponent(d.file);
}
