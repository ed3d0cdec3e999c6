import { copyText } from "../common/copy.ts";
import { button, h, setText, show } from "../common/dom.ts";
import type { AdvisorTexts } from "../texts_gen/advisor.ts";
import type { Session } from "./session.ts";

/**
 * Sends text to the customer's clipboard and shows text from it. Visible only while the right is
 * given.
 */
export class ClipboardPanel {
  readonly root: HTMLElement;
  private readonly received: HTMLTextAreaElement;

  constructor(
    private readonly session: Session,
    t: AdvisorTexts,
  ) {
    const id = "clipboard-" + session.place;
    const outgoing = h("textarea", { id: id + "-out", rows: "2", "data-testid": "clipboard-out" });
    const note = h("span", { class: "muted", role: "status" });
    this.received = h("textarea", { id: id + "-in", rows: "2", readonly: true, "data-testid": "clipboard-in" });
    const send = () => {
      session.view.sendClipboard(outgoing.value);
      setText(note, t.clipboard.sent);
    };
    this.root = h(
      "details",
      { class: "menu", "data-testid": "clipboard" },
      h("summary", { "data-testid": "clipboard-open" }, t.clipboard.heading),
      h(
        "div",
        { class: "menu-items" },
        h("label", { for: id + "-out" }, t.clipboard.toCustomer),
        outgoing,
        button("clipboard-send", t.clipboard.send, send),
        note,
        h("label", { for: id + "-in" }, t.clipboard.fromCustomer),
        this.received,
        button("clipboard-copy", t.clipboard.copy, () => void copyText(this.received.value)),
      ),
    );
  }

  update(): void {
    const { view, shared } = this.session;
    show(this.root, shared.rights.clipboard && view.phase === "shown");
    if (this.received.value !== view.received) this.received.value = view.received;
  }
}
