import { html, nothing, type TemplateResult } from "lit";
import type { ChatModel } from "../common/chatlines.ts";
import type { CommonTexts } from "../texts_gen/common.ts";
import type { PanelTexts } from "../texts_gen/panel.ts";
import { chatBadge, chatLines, chatView, type ChatOptions } from "../ui/chat.ts";
import { icon, iconButton } from "../ui/controls.ts";
import { confirmDialog, type Question } from "../ui/dialog.ts";
import type { PanelActions } from "./actions.ts";
import { advisorIn } from "./names.ts";
import type { Snapshot } from "./snapshot.ts";

/** The customer's part of the chat: the button in the page's first line, and what it opens. */
export class ChatPart {
  private question: Question | null = null;
  /** The chat has opened by itself. */
  private shownOnce = false;

  constructor(
    private readonly model: ChatModel,
    private readonly t: PanelTexts,
    private readonly common: CommonTexts,
    private readonly actions: PanelActions,
    private readonly draw: () => void,
  ) {
    model.changed = draw;
  }

  dispose(): void {
    this.model.changed = () => {};
  }

  /** Whether to open because the advisor has written for the first time. It says so once. */
  opensItself(s: Snapshot): boolean {
    // It would take the place of the advisor's screen.
    if (this.shownOnce || !this.model.isNew || s.rights.show) return false;
    return (this.shownOnce = true);
  }

  /** The number of unseen lines. */
  get unread(): number {
    return this.model.unread;
  }

  /** Called with each snapshot: another session has a chat of its own. */
  update({ phase }: Snapshot): void {
    if (phase === "number" || phase === "connecting") {
      this.shownOnce = false;
      this.model.clear();
    }
    if (phase === "ended") this.model.type("");
  }

  /** Called while the lines are on the page. */
  seen(): void {
    if (!document.hidden) this.model.see();
  }

  button(s: Snapshot, open: boolean, act: () => void): TemplateResult {
    const { t, common, model } = this;
    const who = advisorIn(s, common);
    const label = model.unread > 0 ? t.chat.unread(who, model.unread) : t.chat.heading(who);
    return html`<button
      type="button"
      class="chat-button"
      data-testid="chat"
      title=${label}
      aria-label=${label}
      aria-expanded=${String(open)}
      ?disabled=${s.question !== null}
      @click=${act}
    >
      ${icon("chat")}<span>${t.chat.open}</span>${chatBadge(model.unread)}
    </button>`;
  }

  /** The chat in the middle of the page. */
  view(s: Snapshot, close: () => void): TemplateResult {
    const { t, common, model, actions } = this;
    const send = () => model.send((text, tag) => actions.write(text, tag));
    const heading = t.chat.heading(advisorIn(s, common));
    return html`<section class="chat" aria-label=${heading} data-testid="chat-part">
      <header class="chat-head">
        <h2>${heading}</h2>
        ${iconButton({ testid: "chat-close", label: common.chat.close, icon: "close", kind: "quiet", act: close })}
      </header>
      ${chatView(this.options(s), s.phase === "joined", send)}
    </section>`;
  }

  /** What was written in a session that is over. */
  past(s: Snapshot): TemplateResult | typeof nothing {
    if (this.model.lines.length === 0) return nothing;
    return html`<section class="chat past" aria-label=${this.t.chat.past} data-testid="chat-past">
      <h2>${this.t.chat.past}</h2>
      ${chatLines(this.options(s))}
    </section>`;
  }

  dialog(): TemplateResult | typeof nothing {
    return confirmDialog(this.question, () => this.ask(null));
  }

  private options(s: Snapshot): ChatOptions {
    const clock = (d: Date) => d.toLocaleTimeString(s.lang, { hour: "2-digit", minute: "2-digit" });
    return { model: this.model, common: this.common, who: advisorIn(s, this.common), clock, ask: (q) => this.ask(q) };
  }

  private ask(question: Question | null): void {
    this.question = question;
    this.draw();
  }
}
