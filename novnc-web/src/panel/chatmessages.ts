// PANEL.md: the messages about the chat.

import { readChatLine, readChatRefused, type ChatModel } from "../common/chatlines.ts";
import { asFields, list, parseFields } from "../common/fields.ts";
import { maxChatLines, type ChatLine, type PanelChat, type PanelChatRefused } from "../protocol_gen.ts";

/** All lines, each of whose characters may be written as six. */
const maxMessage = 1024 * 1024;

/** Takes a message about the chat; ignores anything else. */
export function readChat(data: unknown, chat: ChatModel): void {
  const f = parseFields<PanelChat | PanelChatRefused>(data, maxMessage);
  if (f?.["type"] === "chatRefused") chat.refused(readChatRefused(f));
  if (f?.["type"] !== "chat") return;
  for (const item of list(f["lines"], maxChatLines)) {
    const line = readChatLine(asFields<ChatLine>(item) ?? {});
    if (line) chat.take(line);
  }
}
