import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { shortName } from "../common/shortname.ts";
import { sizeText } from "../common/sizes.ts";
import type { CommonTexts } from "../texts_gen/common.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import { chatBadge } from "../ui/chat.ts";
import { icon, iconButton } from "../ui/controls.ts";
import type { PanelActions } from "./actions.ts";
import { advisorIn } from "./names.ts";
import type { OfferedFile, Snapshot } from "./snapshot.ts";

/** How long a list that has just opened ignores what is pressed in it, in milliseconds. */
const unread = 1000;

/** How many characters of a file's name are shown: about one line. */
const maxShownName = 32;

/** The files that the advisor offers: the button in the page's first line, and what it opens. */
export class FilesPart {
  /** The files in the order in which they are listed, by ID. */
  private order: string[] = [];
  private accepted = new Set<string>();
  /** A question lies over the list. */
  private covered = false;
  private opened = -Infinity; // Date.now

  constructor(
    private readonly t: PanelTexts,
    private readonly common: CommonTexts,
    private readonly actions: Pick<PanelActions, "stopFile">,
  ) {}

  /** Called with each snapshot. Returns whether a file can be saved that could not before. */
  update({ files, question }: Snapshot): boolean {
    const accepted = files.filter((f) => f.state === "accepted").map((f) => f.id);
    const fresh = accepted.some((id) => !this.accepted.has(id));
    this.accepted = new Set(accepted);
    if (fresh) this.begin(files);
    if (fresh || (this.covered && !question)) this.opened = Date.now();
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
    if (s.files.length === 0) return nothing;
    const { t } = this;
    const who = advisorIn(s, this.common);
    const n = waiting(s);
    const label = n > 0 ? t.files.toSave(who, n) : t.files.heading(who);
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
      ${icon("download")}${chatBadge(n)}
    </button>`;
  }

  /** The files in the middle of the page. */
  view(s: Snapshot, close: () => void): TemplateResult {
    const { t, common } = this;
    const heading = t.files.heading(advisorIn(s, common));
    return html`<section class="files" aria-label=${heading} data-testid="files-part">
      <header class="chat-head">
        <h2 tabindex="-1" data-testid="files-heading">${heading}</h2>
        ${iconButton({ testid: "files-close", label: t.files.close, icon: "close", kind: "quiet", act: close })}
      </header>
      ${this.list(s.files, heading, true)}
    </section>`;
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
          html`<li class="file" data-state=${f.state} data-testid="file">
            ${fileFacts(f, this.t, this.common)}
            <div class="file-foot">${this.state(f, live)}</div>
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
        return live ? this.saving(f) : say(t.files.why.other);
      case "done":
        return html`${say(t.files.done)}
        ${
          f.sha256
            ? html`<details class="more">
                <summary>${t.files.sum}</summary>
                <p><span>SHA-256</span> <code data-testid="file-sum">${f.sha256}</code></p>
              </details>`
            : nothing
        }`;
      case "ended":
        return say(t.files.why[f.why || "other"]);
      case "waiting":
        return say(t.files.waiting);
    }
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

  private saving(f: OfferedFile): TemplateResult {
    const { t } = this;
    const percent = f.size > 0 ? Math.floor((100 * f.taken) / f.size) : 0;
    const words = t.files.saving(String(percent));
    return html`<div class="answers">
      ${this.stop(f, "file-stop", t.files.stop)}
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
  if (!s.files.some(needed)) return "";
  return s.phase === "away" ? t.files.away : s.paused ? t.files.paused : "";
}

/** Whether the customer can save the file, or is saving it. */
function needed({ state }: OfferedFile): boolean {
  return state === "accepted" || state === "saving";
}

/** How many files wait for the customer to save them. */
export function waiting(s: Snapshot): number {
  if (s.phase !== "joined" && s.phase !== "away") return 0;
  return s.files.filter((f) => f.key !== "").length;
}

/** What a file is: its name, its size and its kind. A program is marked. */
export function fileFacts(f: OfferedFile, t: PanelTexts, common: CommonTexts): TemplateResult {
  const size = sizeText(f.size, common);
  const program = f.kind === "program";
  return html`<strong class="offered-name" title=${f.name} dir="ltr">${shortName(f.name, maxShownName)}</strong>
    <span class="file-facts" data-testid="file-facts">
      ${program ? size : `${size}, ${common.fileKind(f.kind)}`}
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
