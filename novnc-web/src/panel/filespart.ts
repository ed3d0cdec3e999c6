import { html, nothing, type TemplateResult } from "lit";
import { createRef, ref } from "lit/directives/ref.js";
import { repeat } from "lit/directives/repeat.js";
import type { Picked } from "../common/drop.ts";
import { plainLine } from "../common/plainline.ts";
import { shortName } from "../common/shortname.ts";
import { sizeText } from "../common/sizes.ts";
import { maxFiles } from "../protocol_gen.ts";
import type { CommonTexts } from "../texts_gen/common.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import { chatBadge } from "../ui/chat.ts";
import { button, icon, iconButton } from "../ui/controls.ts";
import type { PanelActions } from "./actions.ts";
import type { Giving, Refusal } from "./givefiles.ts";
import { advisorIn } from "./names.ts";
import type { OfferedFile, Snapshot } from "./snapshot.ts";

/** How long a list that has just opened ignores what is pressed in it, in milliseconds. */
const unread = 1000;

/** How many characters of a file's name are shown: about one line. */
const maxShownName = 32;

/**
 * The files that the advisor offers and the customer gives: the button in the page's first line,
 * and what it opens.
 */
export class FilesPart {
  /** The files in the order in which they are listed, by ID. */
  private order: string[] = [];
  private accepted = new Set<string>();
  private given = new Set<string>();
  /** A question lies over the list. */
  private covered = false;
  private opened = -Infinity; // Date.now
  private readonly field = createRef<HTMLInputElement>();

  constructor(
    private readonly t: PanelTexts,
    private readonly common: CommonTexts,
    private readonly actions: Pick<PanelActions, "stopFile">,
    /** Null if this page cannot give files. */
    private readonly giving: Giving | null = null,
  ) {}

  /** Called with each snapshot. Returns whether a file can be saved that could not before. */
  update({ files, question }: Snapshot): boolean {
    const accepted = files.filter((f) => f.state === "accepted" && !f.given).map((f) => f.id);
    const given = files.filter((f) => f.given).map((f) => f.id);
    const fresh = accepted.some((id) => !this.accepted.has(id));
    const added = fresh || given.some((id) => !this.given.has(id));
    this.accepted = new Set(accepted);
    this.given = new Set(given);
    if (added) this.begin(files);
    if (added || (this.covered && !question)) this.opened = Date.now();
    this.covered = question !== null;
    return fresh;
  }

  /**
   * Puts the files in order: the newest one that needs the customer on top. After that, the order
   * stays while the list is open, so that no button moves when a file has been saved.
   */
  begin(files: OfferedFile[]): void {
    const newest = [...files].reverse();
    this.order = [...newest.filter(needed), ...newest.filter((f) => !needed(f))].map((f) => f.id);
  }

  button(s: Snapshot, open: boolean, act: () => void): TemplateResult | typeof nothing {
    if (s.files.length === 0 && !this.giving) return nothing;
    const { t } = this;
    const n = waiting(s);
    const label = n > 0 ? t.files.toSave(advisorIn(s, this.common), n) : t.files.heading;
    return html`<button
      type="button"
      class="chat-button files-button"
      data-testid="files"
      title=${label}
      aria-label=${label}
      aria-expanded=${String(open)}
      ?disabled=${s.question !== null}
      @click=${act}
    >
      ${icon("file")}${chatBadge(n)}
    </button>`;
  }

  /** The files in the middle of the page. */
  view(s: Snapshot, close: () => void): TemplateResult {
    const { t, giving } = this;
    const { heading } = t.files;
    return html`<section class="files" aria-label=${heading} data-testid="files-part">
      <header class="chat-head">
        <h2 tabindex="-1" data-testid="files-heading">${heading}</h2>
        ${
          giving
            ? button({
                testid: "files-give",
                label: t.files.give,
                icon: "upload",
                disabled: !mayGive(s),
                act: () => this.field.value?.click(),
              })
            : nothing
        }
        ${iconButton({ testid: "files-close", label: t.files.close, icon: "close", kind: "quiet", act: close })}
      </header>
      ${
        s.files.length > 0
          ? this.list(s.files, heading, true)
          : html`<p class="files-hint muted" data-testid="files-hint">${t.files.hint}</p>`
      }
    </section>`;
  }

  /**
   * Opens the browser's dialog when it is clicked. It stays while other things are in the middle of
   * the page, so that a question does not lose what the customer chooses.
   */
  picker(give: (picked: Picked[]) => void): TemplateResult | typeof nothing {
    if (!this.giving) return nothing;
    const chosen = (e: Event) => {
      const field = e.currentTarget as HTMLInputElement;
      const picked = [...(field.files ?? [])].map((file) => ({ file, folder: false }));
      field.value = ""; // the same file can be chosen again
      if (picked.length > 0) give(picked);
    };
    return html`<input type="file" multiple hidden data-testid="files-field" ${ref(this.field)} @change=${chosen} />`;
  }

  /** Lies over the page while files are dragged over it. */
  dropArea(): TemplateResult {
    return html`<div class="panel-drop" data-testid="drop">
      <p class="lead">${icon("upload")}${this.t.files.dropHere}</p>
    </div>`;
  }

  /** Why something that the customer has chosen was not given; "" if all was. */
  get refusedWords(): string {
    const { t, giving } = this;
    const [first, ...more] = giving?.refused ?? [];
    if (!first) return "";
    const others = more.filter((r) => r.why !== "many" || first.why !== "many").length;
    return [refusalWords(first, t), others > 0 ? t.files.refused.more(others) : ""].filter(Boolean).join(" ");
  }

  /** What was offered in a session that is over. */
  past(s: Snapshot): TemplateResult | typeof nothing {
    if (s.files.length === 0) return nothing;
    return html`<section class="files past" aria-label=${this.t.files.past} data-testid="files-past">
      <h2>${this.t.files.past}</h2>
      ${this.list(s.files, this.t.files.past, false)}
    </section>`;
  }

  /** `live`: the session goes on, so that files can be saved. */
  private list(files: OfferedFile[], label: string, live: boolean): TemplateResult {
    const place = (f: OfferedFile) => {
      const at = this.order.indexOf(f.id);
      return at < 0 ? this.order.length : at;
    };
    const ordered = [...files].reverse().sort((a, b) => place(a) - place(b));
    return html`<ul class="file-list" tabindex="0" aria-label=${label} data-testid="files-list">
      ${repeat(
        ordered,
        (f) => f.id,
        (f) =>
          html`<li class="file" data-state=${f.state} data-given=${f.given ? "true" : nothing} data-testid="file">
            ${fileFacts(f, this.t, this.common)}
            <div class="file-foot">${f.given ? this.givenState(f, live) : this.state(f, live)}</div>
          </li>`,
      )}
    </ul>`;
  }

  private state(f: OfferedFile, live: boolean): TemplateResult {
    const { t } = this;
    switch (f.state) {
      case "accepted":
        return live && f.key ? this.toSave(f) : say(t.files.accepted);
      case "saving":
        return live ? this.saving(f, t.files.saving) : say(t.files.why.other);
      case "done":
        return this.done(f, t.files.done);
      case "ended":
        return say(t.files.why[f.why || "other"]);
      case "waiting":
        return say(t.files.waiting);
    }
  }

  private givenState(f: OfferedFile, live: boolean): TemplateResult {
    const { t } = this;
    switch (f.state) {
      case "accepted":
        if (!live) return say(t.files.given.over);
        return html`<div class="answers">${this.stop(f, "file-stop", t.files.given.back)} ${say(t.files.given.accepted)}</div>`;
      case "saving":
        return live ? this.saving(f, t.files.given.saving) : say(t.files.given.over);
      case "done":
        return this.done(f, t.files.given.done);
      case "ended":
        return say(this.giving?.isUnreadable(f.id) ? t.files.given.why.unreadable : t.files.given.why[f.why || "other"]);
      case "waiting":
        return say(live ? t.files.given.waiting : t.files.given.over);
    }
  }

  private done(f: OfferedFile, words: string): TemplateResult {
    if (!f.sha256) return say(words);
    return html`${say(words)}
      <details class="more">
        <summary>${this.t.files.sum}</summary>
        <p><span>SHA-256</span> <code data-testid="file-sum">${f.sha256}</code></p>
      </details>`;
  }

  /**
   * A link, so that the browser saves the file under its own rules. The address answers with a
   * download, so the page stays.
   */
  private toSave(f: OfferedFile): TemplateResult {
    const { t } = this;
    const name = shortName(f.name, maxShownName);
    return html`<div class="answers">
      ${this.stop(f, "file-drop", t.files.drop)}
      <a
        class="button primary"
        href=${"/file/" + f.key}
        download
        aria-label=${`${t.files.save}: ${name}`}
        data-testid="file-save"
        @click=${(e: Event) => this.read || e.preventDefault()}
      >
        ${icon("download")}${t.files.save}
      </a>
    </div>`;
  }

  private saving(f: OfferedFile, say: (percent: string) => string): TemplateResult {
    const percent = f.size > 0 ? Math.floor((100 * f.taken) / f.size) : 0;
    const words = say(String(percent));
    return html`<div class="answers">
      ${this.stop(f, "file-stop", this.t.files.stop)}
      <div class="file-progress">
        <span data-testid="file-percent">${words}</span>
        <progress max="100" .value=${percent} aria-label=${words}></progress>
      </div>
    </div>`;
  }

  private stop(f: OfferedFile, testid: string, label: string): TemplateResult {
    const name = shortName(f.name, maxShownName);
    return html`<button
      type="button"
      data-testid=${testid}
      aria-label=${`${label}: ${name}`}
      @click=${() => this.read && this.actions.stopFile(f.id)}
    >
      ${label}
    </button>`;
  }

  /** Whether a press can mean this list, and not what was at its place a moment ago. */
  private get read(): boolean {
    return Math.abs(Date.now() - this.opened) >= unread;
  }
}

/** Why no file can move now; "" if they can, or if there is none to move. */
export function stillWords(s: Snapshot, t: PanelTexts): string {
  const moving = s.files.filter((f) => f.state === "accepted" || f.state === "saving");
  if (moving.length === 0) return "";
  const given = moving.every((f) => f.given);
  if (s.phase === "away") return given ? t.files.given.away : t.files.away;
  if (!s.paused) return "";
  return given ? t.files.given.paused : t.files.paused;
}

/** Whether a file can be given now. */
export function mayGive({ phase, question }: Snapshot): boolean {
  return phase === "joined" && question === null;
}

/** Whether something can still become of the file. */
function needed({ state, given }: OfferedFile): boolean {
  return state === "accepted" || state === "saving" || (given && state === "waiting");
}

function refusalWords({ why, name }: Refusal, t: PanelTexts): string {
  switch (why) {
    case "many":
      return t.files.refused.many(String(maxFiles));
    case "operator":
    case "size":
    case "lost":
      return t.files.refused[why](shortName(plainLine(name), maxShownName));
    case "folder":
    case "name":
    case "nobody":
      return t.files.refused[why];
  }
}

/** How many files wait for the customer to save them. */
export function waiting(s: Snapshot): number {
  if (s.phase !== "joined" && s.phase !== "away") return 0;
  return s.files.filter((f) => f.key !== "").length;
}

/**
 * What a file is: its name, its size and its kind. A program is marked, unless the customer gives
 * it.
 */
export function fileFacts(f: OfferedFile, t: PanelTexts, common: CommonTexts): TemplateResult {
  const size = sizeText(f.size, common);
  const program = f.kind === "program" && !f.given;
  return html`<strong class="offered-name" title=${f.name} dir="ltr">${shortName(f.name, maxShownName)}</strong>
    <span class="file-facts" data-testid="file-facts">
      ${program ? size : `${size}, ${f.given ? t.files.to : common.fileKind(f.kind)}`}
      ${
        program
          ? html`<strong class="program-mark" data-testid="file-program">${icon("warning")} ${t.files.program}</strong>`
          : nothing
      }
    </span>`;
}

function say(words: string): TemplateResult {
  return html`<p class="file-state" data-testid="file-state">${words}</p>`;
}
