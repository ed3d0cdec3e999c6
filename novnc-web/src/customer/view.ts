import { html, nothing, type TemplateResult } from "lit";
import { commonTexts } from "../texts_gen/common.ts";
import { customerTexts, type CustomerTexts } from "../texts_gen/customer.ts";
import type { Language } from "../texts_gen/languages.ts";
import { button } from "../ui/controls.ts";
import { brand, languageSwitch } from "../ui/header.ts";
import { downloadWay, fileFacts, otherFiles } from "./downloads.ts";
import { picture, type PictureName } from "./pictures.ts";
import type { Offer, System } from "./systems.ts";

/** All that decides what the start page shows. */
export interface Start {
  language: Language;
  gateway: string;
  /** The gateway's address as the program takes it. */
  host: string;
  /** The first four digits of the number, from an invitation; "" without one. */
  place: string;
  system: System;
  offer: Offer;
  /** There is a button that loads the list of programs again. */
  canRetry: boolean;
  /** This browser can show a screen without the program. */
  canShare: boolean;
  /** The start line was copied. */
  copied: boolean;
}

export interface StartActions {
  speak: (language: Language) => void;
  retry: () => void;
  share: () => void;
  copy: (line: string) => void;
}

/** The whole page: two ways to get help, what comes next, and the rest folded. */
export function startView(s: Start, act: StartActions): TemplateResult {
  const t = customerTexts[s.language];
  return html`<header class="top">
      ${brand(s.gateway)}<span class="gap"></span>${languageSwitch(commonTexts[s.language].language, s.language, act.speak)}
    </header>
    <main class="start">
      <div class="first">
        <h1>${t.heading}</h1>
        ${s.place ? html`<p class="invited">${t.invited} <strong data-testid="invited-place">${s.place} …</strong></p>` : nothing}
        <div class="ways ${s.canShare ? "two" : ""}">
          <div class="way" data-testid="downloads">${downloadWay(s.offer, s.system, s.canRetry ? act.retry : null, t)}</div>
          ${s.canShare ? shareWay(act.share, t) : nothing}
        </div>
      </div>
      ${canGoOn(s) ? nextSteps(s, t) : nothing}
      <div class="more">${safety(s, t)} ${s.system === "phone" ? nothing : problems(s, act.copy, t)}</div>
      <p class="for-advisors"><a href="/advisor" data-testid="advisor-link">${t.advisor}</a></p>
    </main>`;
}

/** The way without a program: this page itself shows what the customer chooses. */
function shareWay(share: () => void, t: CustomerTexts): TemplateResult {
  return html`<div class="way">
    ${button({ testid: "share-here", label: t.here.open, icon: "monitor", act: share })}
    <p>${t.here.limit}</p>
  </div>`;
}

function nextSteps(s: Start, t: CustomerTexts): TemplateResult {
  const step = (name: PictureName, words: string) => html`<li>${picture(name)}<span>${words}</span></li>`;
  return html`<section class="next" aria-labelledby="next-heading">
    <h2 id="next-heading">${t.next.heading}</h2>
    <ol role="list">
      ${step("open", s.system === "linux" ? t.next.openAllowed : t.next.open)} ${step("number", t.next.number)}
      ${step("decide", t.next.decide)}
    </ol>
  </section>`;
}

function safety(s: Start, t: CustomerTexts): TemplateResult {
  const file = typeof s.offer === "object" ? s.offer.fitting : null;
  const promises = [t.safe.number, t.safe.yes, t.safe.key, t.safe.nothing];
  return html`<details data-testid="safe">
    <summary>${t.safe.question}</summary>
    <div class="folded">
      <ul>
        ${promises.map((words) => html`<li>${words}</li>`)}
      </ul>
      ${
        file
          ? html`<h2>${t.safe.check}</h2>
              <p>${t.safe.checkHow}</p>
              ${fileFacts(file, t, s.language)}`
          : nothing
      }
    </div>
  </details>`;
}

function problems(s: Start, copy: (line: string) => void, t: CustomerTexts): TemplateResult {
  const others = typeof s.offer === "object" ? s.offer.others : [];
  return html`<details data-testid="problems">
    <summary>${t.problem.question}</summary>
    <div class="folded">
      <h2>${t.problem.open}</h2>
      <p>${t.problem.openHow[s.system === "linux" || s.system === "darwin" ? s.system : "windows"]}</p>
      ${startLine(s, copy, t)} ${others.length > 0 ? otherFiles(others, t, s.language) : nothing}
    </div>
  </details>`;
}

/**
 * The number with the gateway's address, for a program whose file name has lost it: the program is
 * the same file for every gateway.
 */
function startLine(s: Start, copy: (line: string) => void, t: CustomerTexts): TemplateResult {
  const line = `${s.place}…@${s.host}`;
  return html`<h2>${t.problem.where}</h2>
    <p>${t.problem.whereHow}</p>
    <div class="row start-line">
      <code data-testid="start-line">${line}</code>
      ${button({ testid: "copy-line", label: t.copy, icon: "clipboard", act: () => copy(line) })}
      <span class="muted" role="status">${s.copied ? commonTexts[s.language].copied : ""}</span>
    </div>`;
}

/** This computer has a program, or may get one. */
function canGoOn({ offer, system }: Start): boolean {
  if (system === "phone") return false;
  return typeof offer === "string" || offer.fitting !== null || offer.others.length === 0 || system === "";
}
