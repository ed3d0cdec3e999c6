import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { copyText } from "../common/copy.ts";
import { button } from "../ui/controls.ts";
import { copyPicture, pastedPicture, readPicture } from "./clipboard.ts";
import type { Desk } from "./desk.ts";
import { TooLarge } from "./pngpicture.ts";
import type { Session } from "./session.ts";

/** Texts and pictures to and from the customer's clipboard. */
export function clipboard(session: Session, desk: Desk): TemplateResult {
  const { t } = desk;
  const { view } = session;
  const outgoing = () => document.querySelector<HTMLTextAreaElement>("#clipboard-out")?.value ?? "";
  const send = () => {
    view.sendClipboard(outgoing());
    desk.say(t.clipboard.sent);
  };
  return html`<label for="clipboard-out">${t.clipboard.toCustomer}</label>
    <textarea
      id="clipboard-out"
      rows="3"
      data-testid="clipboard-out"
      @paste=${(e: ClipboardEvent) => paste(e, session, desk)}
    ></textarea>
    <div class="row">
      ${button({ testid: "clipboard-send", label: t.clipboard.send, kind: "primary", act: send })}
      ${button({
        testid: "clipboard-type",
        label: t.clipboard.type,
        disabled: !session.shared.rights.control,
        act: () => view.type(outgoing()),
      })}
      ${
        view.takesPictures
          ? button({
              testid: "clipboard-send-picture",
              label: t.clipboard.sendPicture,
              act: () => void sendCopiedPicture(session, desk),
            })
          : nothing
      }
    </div>
    <label for="clipboard-in">${t.clipboard.fromCustomer}</label>
    <textarea id="clipboard-in" rows="3" readonly data-testid="clipboard-in" .value=${live(view.received)}></textarea>
    <p class="muted" role="status" data-testid="clipboard-picture">${view.hasPicture ? t.clipboard.copied : nothing}</p>
    <div class="row">
      ${button({ testid: "clipboard-copy", label: t.clipboard.copy, act: () => void copyText(view.received) })}
      ${
        view.hasPicture
          ? button({
              testid: "clipboard-copy-picture",
              label: t.clipboard.copyPicture,
              act: () => void fetchPicture(session, desk),
            })
          : nothing
      }
      ${button({ testid: "clipboard-return", label: t.tools.giveClipboard, act: () => giveClipboardBack(session, desk) })}
    </div>`;
}

/** Sends a picture that is pasted into the field for texts. */
function paste(e: ClipboardEvent, session: Session, desk: Desk): void {
  const picture = pastedPicture(e.clipboardData);
  if (!picture) return;
  e.preventDefault();
  void sendPicture(picture, session, desk);
}

/** Sends the picture in the advisor's clipboard, if the browser lets the page read it. */
async function sendCopiedPicture(session: Session, desk: Desk): Promise<void> {
  const picture = await readPicture().catch(() => null);
  if (picture) await sendPicture(picture, session, desk);
  else desk.say(desk.t.clipboard.noPicture);
}

async function sendPicture(picture: Blob, { view }: Session, desk: Desk): Promise<void> {
  const { t } = desk;
  try {
    if (!view.takesPictures) throw new Error("an older program");
    await view.sendPicture(picture);
    desk.say(t.clipboard.sent);
  } catch (e) {
    desk.say(e instanceof TooLarge ? t.clipboard.tooLarge : t.clipboard.failed);
  }
}

async function fetchPicture({ view }: Session, desk: Desk): Promise<void> {
  try {
    await copyPicture(view.fetchPicture());
    desk.say(desk.common.copied);
  } catch {
    desk.say(desk.t.clipboard.failed);
  }
}

function giveClipboardBack(session: Session, desk: Desk): void {
  session.giveBack("clipboard");
  desk.open("");
}
