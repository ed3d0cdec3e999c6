import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { shortName } from "../common/shortname.ts";
import { sizeText } from "../common/sizes.ts";
import { maxFiles, maxFileSize } from "../protocol_gen.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import { button } from "../ui/controls.ts";
import type { Desk } from "./desk.ts";
import type { Picked } from "../common/drop.ts";
import type { Files, ListedFile, OfferedFile, Refusal } from "./files.ts";
import { maxInMemory } from "../common/filetarget.ts";
import type { GivenFile } from "./givenfile.ts";
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

export function isFilesOpen(session: Session, desk: Desk): boolean {
  return desk.side?.what === "files" && desk.side.of === session && session.phase !== "ended";
}

/** The files at the side. */
export function filesSide(session: Session, desk: Desk): TemplateResult | typeof nothing {
  if (!isFilesOpen(session, desk)) return nothing;
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
      ${filesList(files.all, session, desk)}`,
  );
}

/** What the customer gave in a session that is over, and was saved. */
export function pastFiles(session: Session, desk: Desk): TemplateResult | typeof nothing {
  const saved = session.files.all.filter((f) => f.given && f.state === "done");
  if (saved.length === 0) return nothing;
  return html`<h2>${desk.t.files.heading}</h2>
    ${filesList(saved, session, desk)}`;
}

/** A list of files, the latest one on top. */
function filesList(files: ListedFile[], session: Session, desk: Desk): TemplateResult {
  return html`<ul class="files-list" data-testid="files-list">
    ${repeat(
      files.toReversed(),
      (f) => f.id,
      (f) => fileView(f, session, desk),
    )}
  </ul>`;
}

function fileView(f: ListedFile, session: Session, desk: Desk): TemplateResult {
  const { t, common } = desk;
  const short = shortName(f.name, nameLength);
  const words = f.given ? givenWords(f, session, t) : stateWords(f, t);
  return html`<li data-testid="file" data-state=${f.state} data-file=${f.id}>
    ${f.given ? html`<p class="file-from">${t.files.from} ${f.program ? programMark(t) : nothing}</p>` : nothing}
    <p class="file-name" title=${f.name}>${nameView(f.name, short)}</p>
    <p class="file-state"><span data-testid="file-size">${sizeText(f.size, common)}</span> – ${words}</p>
    ${
      f.begun && f.live
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
    ${f.live ? fileButtons(f, session, t) : nothing}
  </li>`;
}

const programMark = (t: AdvisorTexts) =>
  html`<strong class="file-program" data-testid="file-program">${t.files.program}</strong>`;

function fileButtons(f: ListedFile, { files }: Session, t: AdvisorTexts): TemplateResult {
  const drop = () => keyboardTo('[data-testid="files-choose"]', () => files.cancel(f));
  if (!f.given || f.state !== "offered")
    return fileButton("file-cancel", t.files.cancel, t.files.cancelFile(f.name), false, drop);
  return html`<div class="file-buttons">
    ${fileButton("file-take", t.files.take, t.files.takeFile(f.name), f.choosing, () => void take(f, files))}
    ${fileButton("file-refuse", t.files.refuse, t.files.refuseFile(f.name), false, drop)}
  </div>`;
}

function fileButton(testid: string, label: string, spoken: string, disabled: boolean, act: () => void): TemplateResult {
  return html`<button type="button" data-testid=${testid} aria-label=${spoken} ?disabled=${disabled} @click=${act}>
    ${label}
  </button>`;
}

/** A button that is gone afterwards leaves the keyboard to one that stays. */
function keyboardTo(stays: string, act: () => void): void {
  const button = document.querySelector<HTMLButtonElement>(stays);
  (button?.disabled === false ? button : document.querySelector<HTMLElement>('[data-testid="files-close"]'))?.focus();
  act();
}

/** After the dialog, the keyboard is at the file again. */
async function take(f: GivenFile, files: Files): Promise<void> {
  await files.save(f);
  // The page is drawn in an earlier microtask.
  queueMicrotask(() => {
    if (document.activeElement === document.body) document.querySelector<HTMLElement>(`[data-file="${f.id}"] button`)?.focus();
  });
}

/** A short name is only for the eye. */
function nameView(name: string, short: string): TemplateResult | string {
  return short === name ? name : html`<span aria-hidden="true">${short}</span><span class="unseen">${name}</span>`;
}

function givenWords(f: GivenFile, { shared }: Session, t: AdvisorTexts): string {
  if (f.state === "ended") return f.why === "" ? "" : t.files.notSaved[f.why];
  if (f.state !== "receiving") return t.files.given[f.state];
  return shared.paused ? t.files.given.paused : f.connected ? t.files.given.receiving : t.files.given.waiting;
}

function stateWords(f: OfferedFile, t: AdvisorTexts): string {
  if (f.state === "ended") return f.why === "" ? "" : t.files.ended[f.why];
  return f.state === "accepted" && f.begun ? t.files.state.paused : t.files.state[f.state];
}

/** How much has arrived, how quickly more does, and how long that still takes. */
function movedWords(f: ListedFile, { t, common }: Desk): string {
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
  if (r.why === "memory") return t.files.refused.memory(name, sizeText(maxInMemory, common));
  if (r.why === "size") return t.files.refused.size(name, sizeText(maxFileSize, common));
  return t.files.refused[r.why](name);
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
