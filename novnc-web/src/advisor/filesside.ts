import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { shortName } from "../common/shortname.ts";
import { sizeText } from "../common/sizes.ts";
import { maxFiles, maxFileSize } from "../protocol_gen.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import { button } from "../ui/controls.ts";
import type { Desk } from "./desk.ts";
import type { OfferedFile, Picked, Refusal } from "./files.ts";
import type { Session } from "./session.ts";
import { side } from "./side.ts";

/** How many characters of a name are shown where there is little room. */
const nameLength = 36;

/** How many lines about files that were not offered are shown. */
const maxRefused = 5;

/**
 * Offers what the advisor has chosen or dropped, and shows the files. After a drop, the keyboard
 * stays where it is, which may be the picture.
 */
export function offerFiles(session: Session, desk: Desk, picked: Picked[], dropped = false): void {
  if (picked.length === 0) return;
  const why = session.cannotOffer;
  if (why !== "") return desk.say(desk.t.files.cannot[why]);
  session.files.offer(picked);
  desk.openSide("files", session, !dropped);
}

/** The browser's own dialog for files opens when this field is clicked. */
export function filePicker(session: Session, desk: Desk): TemplateResult {
  const chosen = (e: Event) => {
    const field = e.currentTarget as HTMLInputElement;
    const picked = [...(field.files ?? [])].map((file) => ({ file, folder: false }));
    field.value = ""; // the same file can be chosen again
    offerFiles(session, desk, picked);
  };
  return html`<input type="file" multiple hidden data-testid="files-field" @change=${chosen} />`;
}

/** Must be called from a click. */
export function chooseFiles(): void {
  document.querySelector<HTMLInputElement>('[data-testid="files-field"]')?.click();
}

/** The files at the side. */
export function filesSide(session: Session, desk: Desk): TemplateResult | typeof nothing {
  if (desk.side?.what !== "files" || desk.side.of !== session || session.phase === "ended") return nothing;
  const { t } = desk;
  const { files, cannotOffer } = session;
  return side(
    "files",
    t.files.heading,
    desk,
    html`<p class="muted">${cannotOffer === "" ? t.files.hint : t.files.cannot[cannotOffer]}</p>
      ${button({ testid: "files-choose", label: t.files.choose, disabled: cannotOffer !== "", act: chooseFiles })}
      <div role="alert" class="files-refused" data-testid="files-refused">
        ${files.refused.slice(0, maxRefused).map((r) => html`<p>${refusalWords(r, desk)}</p>`)}
      </div>
      <ul class="files-list" data-testid="files-list">
        ${repeat(
          files.all.toReversed(),
          (f) => f.id,
          (f) => fileView(f, session, desk),
        )}
      </ul>`,
  );
}

function fileView(f: OfferedFile, { files }: Session, desk: Desk): TemplateResult {
  const { t, common } = desk;
  const short = shortName(f.name, nameLength);
  const begun = f.begun && f.live;
  return html`<li data-testid="file" data-state=${f.state}>
    <p class="file-name" title=${f.name}>${nameView(f.name, short)}</p>
    <p class="file-state"><span data-testid="file-size">${sizeText(f.size, common)}</span> – ${stateWords(f, t)}</p>
    ${
      begun
        ? html`<progress max=${Math.max(1, f.size)} value=${f.counted} aria-label=${t.files.progress(f.name)}></progress>
            <p class="file-moved" data-testid="file-moved">${movedWords(f, desk)}</p>`
        : nothing
    }
    ${
      f.sha256 === ""
        ? nothing
        : html`<details>
            <summary>${t.files.sum}</summary>
            <code data-testid="file-sum">${f.sha256}</code>
          </details>`
    }
    ${
      f.live
        ? html`<button
            type="button"
            data-testid="file-cancel"
            aria-label=${t.files.cancelFile(f.name)}
            @click=${() => cancel(f, files.cancel.bind(files))}
          >
            ${t.files.cancel}
          </button>`
        : nothing
    }
  </li>`;
}

/** The button is gone afterwards, so the keyboard goes to one that stays. */
function cancel(f: OfferedFile, act: (f: OfferedFile) => void): void {
  document.querySelector<HTMLElement>('[data-testid="files-choose"]')?.focus();
  act(f);
}

/** A short name is only for the eye. */
function nameView(name: string, short: string): TemplateResult | string {
  return short === name ? name : html`<span aria-hidden="true">${short}</span><span class="unseen">${name}</span>`;
}

function stateWords(f: OfferedFile, t: AdvisorTexts): string {
  if (f.state === "ended") return f.why === "" ? "" : t.files.ended[f.why];
  return f.state === "accepted" && f.begun ? t.files.state.paused : t.files.state[f.state];
}

/** How much has arrived, how quickly more does, and how long that still takes. */
function movedWords(f: OfferedFile, { t, common }: Desk): string {
  const { rate, secondsLeft } = f;
  return [
    t.files.moved(sizeText(f.counted, common), sizeText(f.size, common)),
    rate === null ? "" : t.files.rate(sizeText(rate, common)),
    secondsLeft === null ? "" : leftWords(secondsLeft, t),
  ]
    .filter(Boolean)
    .join(", ");
}

function leftWords(seconds: number, t: AdvisorTexts): string {
  if (seconds < 90) return t.files.left.seconds(seconds);
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? t.files.left.minutes(minutes) : t.files.left.hours(Math.round(minutes / 60));
}

function refusalWords(r: Refusal, { t, common }: Desk): string {
  if (r.why === "many") return t.files.refused.many(r.count, String(maxFiles));
  if (r.why === "name") return t.files.refused.name;
  const name = shortName(r.name, nameLength);
  return r.why === "folder" ? t.files.refused.folder(name) : t.files.refused.size(name, sizeText(maxFileSize, common));
}

/** Lies over the page while files are dragged over it: where to drop them, or why not. */
export function dropArea(session: Session | null, desk: Desk): TemplateResult | typeof nothing {
  if (!desk.dragging) return nothing;
  const { t } = desk;
  const why = session?.cannotOffer ?? "nobody";
  return html`<div class="drop" ?data-refused=${why !== ""} data-testid="drop">
    <div class="card">
      <p class="lead">${why === "" ? t.files.drop : t.files.cannot[why]}</p>
      ${why === "" ? html`<p class="muted">${t.files.dropHint}</p>` : nothing}
    </div>
  </div>`;
}
