import { html, nothing, type TemplateResult } from "lit";
import { chatBadge, chatLines, chatView, type ChatOptions } from "../ui/chat.ts";
import { icon } from "../ui/controls.ts";
import { customerName } from "./customer.ts";
import type { Desk } from "./desk.ts";
import type { Session } from "./session.ts";
import { side } from "./side.ts";

/** The person with whom the advisor chats. */
export function chatPartner(session: Session, { t }: Desk): string {
  const name = session.customer?.browser ? "" : customerName(session, t);
  return name || t.facts.label.customer;
}

export function isChatOpen(session: Session, desk: Desk): boolean {
  return desk.side?.what === "chat" && desk.side.of === session && session.hasChat;
}

/** Opens and closes the chat. Its place is kept for a customer's program that has none. */
export function chatButton(session: Session, desk: Desk): TemplateResult {
  const { t } = desk;
  const { unread } = session.chat;
  const open = isChatOpen(session, desk);
  const label = unread > 0 ? t.chat.unread(unread) : t.chat.heading;
  return html`<button
    type="button"
    class="icon-button chat-button"
    data-testid="chat"
    title=${label}
    aria-label=${label}
    aria-expanded=${open}
    ?data-absent=${session.customer?.chat === false}
    ?disabled=${!session.hasChat}
    @click=${() => (open ? desk.closeSide() : desk.openSide("chat", session))}
  >
    ${icon("chat")}${chatBadge(unread)}
  </button>`;
}

/** The chat at the side. It lies over the picture, like the cards. */
export function chatSide(session: Session, desk: Desk): TemplateResult | typeof nothing {
  if (!isChatOpen(session, desk)) return nothing;
  return side(
    "chat",
    desk.t.chat.heading,
    desk,
    chatView(options(session, desk), session.canAsk, () => session.sendChat()),
  );
}

/** What was written in a session that is over. */
export function pastChat(session: Session, desk: Desk): TemplateResult | typeof nothing {
  if (session.chat.lines.length === 0) return nothing;
  return html`<h2>${desk.t.chat.heading}</h2>
    <div class="chat past" data-testid="ended-chat">${chatLines(options(session, desk))}</div>`;
}

function options(session: Session, desk: Desk): ChatOptions {
  const { common, clock } = desk;
  return { model: session.chat, common, who: chatPartner(session, desk), clock, ask: (q) => desk.ask(q) };
}
