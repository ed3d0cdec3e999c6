// The chat of all pages, as templates. Its looks are in styles/chat.css.

import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { ref } from "lit/directives/ref.js";
import { repeat } from "lit/directives/repeat.js";
import type { ChatModel, Line } from "../common/chatlines.ts";
import { aroundHost, splitLinks } from "../common/links.ts";
import { maxChatText, type ChatSide } from "../protocol_gen.ts";
import type { CommonTexts } from "../texts_gen/common.ts";
import type { Question } from "./dialog.ts";

export interface ChatOptions {
  model: ChatModel;
  common: CommonTexts;
  /** The other person. */
  who: string;
  /** The time of day in the page's language. */
  clock: (time: Date) => string;
  /** Asks whether to open an address. */
  ask: (question: Question) => void;
}

/** The lines, the field for a text, and what is wrong with it. */
export function chatView(o: ChatOptions, mayWrite: boolean, send: () => void): TemplateResult {
  const { model, common } = o;
  const { trouble } = model;
  const words =
    trouble === "" ? "" : trouble === "long" ? common.chat.trouble.long(String(maxChatText)) : common.chat.trouble[trouble];
  return html`${chatLines(o)}
    <form class="chat-form" data-testid="chat-form" @submit=${(e: Event) => submit(e, send)}>
      <textarea
        rows="2"
        autocomplete="off"
        maxlength=${2 * maxChatText}
        aria-label=${common.chat.field}
        placeholder=${mayWrite ? common.chat.field : common.chat.away}
        data-testid="chat-text"
        ?disabled=${!mayWrite}
        .value=${live(model.draft)}
        @input=${(e: Event) => model.type((e.currentTarget as HTMLTextAreaElement).value)}
        @keydown=${(e: KeyboardEvent) => key(e, send)}
      ></textarea>
      <button type="submit" class="primary" data-testid="chat-send" ?disabled=${!mayWrite}>${common.chat.send}</button>
    </form>
    <p class="chat-trouble" role="status" data-testid="chat-trouble">${words}</p>`;
}

/** The lines alone. */
export function chatLines(o: ChatOptions): TemplateResult {
  const { model, common } = o;
  const { lines, side } = model;
  return html`<div
    class="chat-lines"
    role="log"
    tabindex="0"
    aria-label=${common.chat.lines}
    data-testid="chat-lines"
    ${ref((e) => followLines(e, lines.at(-1), side))}
  >
    ${lines.length === 0 ? html`<p class="muted">${common.chat.empty}</p>` : nothing}
    ${repeat(
      lines,
      (l) => l.id,
      (l) => lineView(l, o),
    )}
  </div>`;
}

function lineView(l: Line, o: ChatOptions): TemplateResult {
  const own = o.model.isOwn(l);
  return html`<div class="chat-line" ?data-own=${own} data-testid="chat-line">
    <p class="chat-from">
      <span>${own ? o.common.chat.you : l.who || o.who}</span>
      ${l.time ? html`<time datetime=${l.time.toISOString()}>${o.clock(l.time)}</time>` : nothing}
    </p>
    <p class="chat-words" data-testid="chat-words">${own ? l.text : withLinks(l.text, o)}</p>
  </div>`;
}

/** The other person's text. Its addresses are buttons: nothing opens before a question. */
function withLinks(text: string, o: ChatOptions): (TemplateResult | string)[] {
  return splitLinks(text).map(({ words, url }) =>
    url
      ? html`<button type="button" class="quiet chat-link" data-testid="chat-link" @click=${() => o.ask(linkQuestion(url, o))}>
          ${words}
        </button>`
      : words,
  );
}

function linkQuestion(url: URL, { who, common }: ChatOptions): Question {
  const [before, host, after] = aroundHost(url);
  return {
    question: common.chat.link.question,
    meaning: html`<p class="chat-address" data-testid="chat-address">${before}<strong>${host}</strong>${after}</p>
      <p>${common.chat.link.meaning(who)}</p>`,
    yes: common.chat.link.yes,
    no: common.chat.link.no,
    kind: "primary",
    confirmed: () => void window.open(url.href, "_blank", "noopener,noreferrer"),
  };
}

/** The keyboard goes back to the field, for the next message. */
function submit(e: Event, send: () => void): void {
  e.preventDefault();
  (e.currentTarget as Element).querySelector("textarea")?.focus();
  send();
}

/** A message is one line, so Enter sends it, unless it chooses a word of an input method. */
function key(e: KeyboardEvent, send: () => void): void {
  if (e.key !== "Enter" || e.isComposing || e.ctrlKey || e.altKey || e.metaKey) return;
  e.preventDefault();
  if (!e.repeat) send();
}

/** The last line to which each list was scrolled. */
const followed = new WeakMap<Element, number>();

/** Keeps the newest line in sight, unless the person has scrolled up to read an older one. */
function followLines(e: Element | undefined, last: Line | undefined, side: ChatSide): void {
  if (!e || !last || followed.get(e) === last.id) return;
  const atEnd = e.scrollHeight - e.scrollTop - e.clientHeight < 40;
  const first = !followed.has(e);
  followed.set(e, last.id);
  if (first || atEnd || last.by === side) queueMicrotask(() => (e.scrollTop = e.scrollHeight)); // once it is drawn
}

/** How many lines were not seen, on a button that says so as well. */
export function chatBadge(unread: number): TemplateResult | typeof nothing {
  return unread > 0 ? html`<span class="chat-badge" aria-hidden="true" data-testid="chat-badge">${unread}</span>` : nothing;
}
